copy section_visit (person_id, section_id, starts_at, ends_at) from stdin (format binary);
