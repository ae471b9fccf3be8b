copy person_location (person_id, taken_at, floor, location, grid_id) from stdin (format binary);
