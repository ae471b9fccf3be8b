select distinct on (s.camera_id, s.starts_at)
    e.extractor,
    e.reason,
    s.segment_id,
    s.camera_id,
    s.starts_at,
    s.ends_at,
    s.sha256,
    s.object_key,
    s.bytes,
    s.width_px,
    s.height_px,
    s.frames,
    s.keyframe_interval_s
from segment as s
inner join extraction_ledger as e on s.segment_id = e.segment_id
where
    s.starts_at < %(end)s::timestamptz
    and s.ends_at > %(start)s::timestamptz
    and e.state = 'quarantined'
    and (%(extractor)s::text is null or e.extractor = %(extractor)s::text)
    and (
        %(extractor)s::text is not null
        or not exists (
            select
            from extraction_ledger as d
            where
                d.segment_id = s.segment_id
                and d.state = 'done'
        )
    )
order by s.camera_id, s.starts_at, e.finished_at desc, e.extractor;
