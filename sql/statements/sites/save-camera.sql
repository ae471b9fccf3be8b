insert into camera (camera_id, floor, width_px, height_px, frame_rate_hz, keyframe_interval_s)
values (
    %(id)s::text, %(floor)s::smallint, %(width_px)s::integer, %(height_px)s::integer, %(frame_rate_hz)s::float8,
    %(keyframe_interval_s)s::float8
)
on conflict (camera_id) do update
    set
        floor = excluded.floor,
        width_px = excluded.width_px,
        height_px = excluded.height_px,
        frame_rate_hz = excluded.frame_rate_hz,
        keyframe_interval_s = excluded.keyframe_interval_s,
        retired_at = null;
