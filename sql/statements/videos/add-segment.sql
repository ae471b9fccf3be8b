-- `do nothing` also covers the constraint that a camera records one file at a time.
insert into segment (
    segment_id, camera_id, starts_at, ends_at, sha256, object_key,
    bytes, width_px, height_px, frames, keyframe_interval_s
)
values (
    %(segment_id)s::uuid, %(camera_id)s::text, %(start)s::timestamptz, %(end)s::timestamptz, %(sha256)s::text,
    %(object_key)s::text, %(bytes)s::bigint, %(width_px)s::integer, %(height_px)s::integer, %(frames)s::integer,
    %(keyframe_interval_s)s::float8
)
on conflict do nothing
returning segment_id;
