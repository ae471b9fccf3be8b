insert into coverage (camera_id, starts_at, ends_at, extractor, reason)
select
    c.camera_id,
    c.starts_at,
    c.ends_at,
    c.extractor,
    c.reason
from unnest(
    %(camera_ids)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[], %(extractors)s::text[], %(reasons)s::text[]
) as c (camera_id, starts_at, ends_at, extractor, reason);
