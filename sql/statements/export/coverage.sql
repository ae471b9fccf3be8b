select
    camera_id,
    starts_at,
    ends_at,
    extractor,
    reason
from coverage
where
    starts_at >= %(start)s::timestamptz
    and starts_at < %(end)s::timestamptz
order by starts_at, camera_id;
