copy person (person_id, day, first_seen, last_seen, distance_m) from stdin (format binary);
