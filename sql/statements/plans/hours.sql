select distinct date_trunc('hour', s.starts_at, 'UTC') as hour
from segment as s
where
    s.starts_at < %(end)s::timestamptz
    and s.ends_at > %(start)s::timestamptz
    and (%(cameras)s::text[] is null or s.camera_id = any(%(cameras)s::text[]))
order by hour;
