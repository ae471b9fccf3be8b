delete from person_track
where
    starts_at >= %(hour)s::timestamptz
    and starts_at < %(end)s::timestamptz;
