select
    segment_id,
    camera_id,
    starts_at,
    ends_at,
    sha256,
    object_key,
    bytes,
    width_px,
    height_px,
    frames,
    keyframe_interval_s
from segment
where
    starts_at < %(end)s::timestamptz
    and ends_at > %(start)s::timestamptz
    and (%(cameras)s::text[] is null or camera_id = any(%(cameras)s::text[]))
order by camera_id, starts_at;
