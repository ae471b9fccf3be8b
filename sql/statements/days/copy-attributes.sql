copy person_attributes (person_id, day, version, active, attributes, confidence) from stdin (format binary);
