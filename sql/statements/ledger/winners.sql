select distinct on (s.camera_id, s.starts_at)
    e.extractor,
    e.epoch,
    e.prefix,
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
    and e.state = 'done'
    and (%(extractor)s::text is null or e.extractor = %(extractor)s::text)
order by s.camera_id, s.starts_at, e.finished_at desc, e.extractor;
