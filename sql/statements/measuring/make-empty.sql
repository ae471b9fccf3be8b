create table measured_location (like person_location);
