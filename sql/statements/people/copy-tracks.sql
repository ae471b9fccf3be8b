copy person_track (person_id, floor, starts_at, ends_at, length_m, path, unseen) from stdin (format binary);
