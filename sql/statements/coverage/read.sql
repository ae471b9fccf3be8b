select
    camera_id,
    starts_at,
    ends_at,
    null as extractor,
    null as reason
from segment
where
    starts_at < %(end)s::timestamptz
    and ends_at > %(start)s::timestamptz
    and (%(cameras)s::text[] is null or camera_id = any(%(cameras)s::text[]))
union all
select
    camera_id,
    starts_at,
    ends_at,
    extractor,
    reason
from coverage
where
    starts_at < %(end)s::timestamptz
    and ends_at > %(start)s::timestamptz
    and (%(cameras)s::text[] is null or camera_id = any(%(cameras)s::text[]));
