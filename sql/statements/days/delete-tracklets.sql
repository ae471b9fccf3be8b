delete from person_tracklet
where
    hour >= %(start)s::timestamptz
    and hour < %(end)s::timestamptz;
