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
where segment_id = any(%(segment_ids)s::uuid[])
order by camera_id, starts_at;
