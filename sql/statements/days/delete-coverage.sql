delete from coverage
where
    starts_at >= %(start)s::timestamptz
    and starts_at < %(end)s::timestamptz;
