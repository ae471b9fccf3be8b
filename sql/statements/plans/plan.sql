select
    count(*),
    coalesce(sum(length.camera_s), 0),
    coalesce(sum(s.bytes), 0)::bigint,
    count(*) filter (where e.state = 'done'),
    coalesce(sum(length.camera_s) filter (where e.state = 'done'), 0),
    count(*) filter (where e.state = 'quarantined'),
    coalesce(sum(length.camera_s) filter (where e.state = 'quarantined'), 0),
    coalesce(sum(s.bytes) filter (where e.state is null or e.state not in ('done', 'quarantined')), 0)::bigint
from segment as s
cross join lateral (select extract(epoch from s.ends_at - s.starts_at)::float8 as camera_s) as length
left join extraction_ledger as e on s.segment_id = e.segment_id and e.extractor = %(extractor)s::text
where
    s.starts_at < %(end)s::timestamptz
    and s.ends_at > %(start)s::timestamptz
    and (%(cameras)s::text[] is null or s.camera_id = any(%(cameras)s::text[]));
