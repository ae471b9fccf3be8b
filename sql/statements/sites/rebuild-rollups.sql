select rebuild_rollups(%(section_id)s::text, %(since)s::timestamptz);
