select distinct on (c.camera_id)
    c.camera_id,
    c.floor,
    c.width_px,
    c.height_px,
    c.frame_rate_hz,
    c.keyframe_interval_s,
    k.homography,
    k.points_px,
    k.points_m,
    k.lens_k1
from camera as c
inner join calibration as k on c.camera_id = k.camera_id
where
    (c.retired_at is null or c.retired_at > %(at)s::timestamptz)
    and k.valid_from <= %(at)s::timestamptz
order by c.camera_id, k.valid_from desc;
