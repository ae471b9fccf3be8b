-- The first one holds for all times; one that says the same as the last is no new version.
insert into calibration (camera_id, valid_from, homography, points_px, points_m, lens_k1)
select
    %(camera_id)s::text,
    case
        when exists (select from calibration where camera_id = %(camera_id)s::text) then %(moment)s::timestamptz
        else '-infinity'
    end,
    %(homography)s::float8[],
    %(points_px)s::jsonb,
    %(points_m)s::jsonb,
    %(lens_k1)s::float8
where (
    select array[to_jsonb(last.homography), last.points_px, last.points_m, to_jsonb(last.lens_k1)]
    from calibration as last
    where last.camera_id = %(camera_id)s::text
    order by last.valid_from desc
    limit 1
) is distinct from array[
    to_jsonb(%(homography)s::float8[]), %(points_px)s::jsonb, %(points_m)s::jsonb, to_jsonb(%(lens_k1)s::float8)
]
on conflict (camera_id, valid_from) do update
    set
        homography = excluded.homography,
        points_px = excluded.points_px,
        points_m = excluded.points_m,
        lens_k1 = excluded.lens_k1;
