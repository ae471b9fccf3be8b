select refresh_rollups(%(day)s::date);
