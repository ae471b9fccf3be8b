delete from person_location
where
    taken_at >= %(hour)s::timestamptz
    and taken_at < %(end)s::timestamptz;
