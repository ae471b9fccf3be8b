select distinct
    s.segment_id,
    s.starts_at,
    s.ends_at
from unnest(%(camera_ids)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) as missing (camera_id, starts_at, ends_at)
inner join segment as s
    on
        missing.camera_id = s.camera_id
        and s.starts_at < missing.ends_at
        and s.ends_at > missing.starts_at
order by s.segment_id;
