copy section_visit (person_id, section_id, starts_at, ends_at, length_m) from stdin (format binary);
