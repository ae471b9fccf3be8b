-- Video that ended 60 days ago or earlier, none of whose days is on legal hold.
select
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
where
    s.ends_at <= (%(today)s::date - 60)::timestamp at time zone 'UTC'
    and not exists (
        select
        from legal_hold as h
        where
            s.starts_at < (h.last_day + 1)::timestamp at time zone 'UTC'
            and s.ends_at > h.first_day::timestamp at time zone 'UTC'
    )
order by s.starts_at, s.camera_id;
