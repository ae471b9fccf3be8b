delete from section_visit
where
    starts_at >= %(hour)s::timestamptz
    and starts_at < %(end)s::timestamptz;
