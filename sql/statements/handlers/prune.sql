delete from handler
where seen_at < clock_timestamp() - %(older_than)s::interval;
