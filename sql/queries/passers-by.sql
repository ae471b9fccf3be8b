-- id: passers-by
-- title: Who passed a place
-- description: >
--   People whose path came within a radius of a point on a floor between two times, where and when they came nearest.
--   By the path itself, not by samples of it. With attributes, only people who have all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: floor, type: floor, required: true, description: the floor}
--   - {name: x_m, type: number, required: true, unit: m, description: "the point, to the right on the plan"}
--   - {name: y_m, type: number, required: true, unit: m, description: "the point, upwards on the plan"}
--   - {name: radius_m, type: number, required: true, unit: m, description: how near}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
-- result: rows
-- by: day
-- columns:
--   - {name: person, type: id}
--   - {name: nearest_at, type: time}
--   - {name: nearest_m, type: number, unit: m}
-- permission: individuals
-- needs: [paths]
with place as (
    select st_makepoint(%(x_m)s::float8, %(y_m)s::float8) as point
),
passed as (
    select distinct on (w.person_id)
        w.person_id,
        w.path,
        near.nearest_m
    from walks(
        %(from)s::timestamptz, %(to)s::timestamptz, null, %(floor)s::integer, %(attribute)s::jsonb
    ) as w
    cross join place
    -- Once for each path; the box of a path is at hand without unpacking it.
    cross join lateral (select st_distance(w.path, place.point) as nearest_m offset 0) as near
    where
        w.path && st_expand(place.point, greatest(%(radius_m)s::float8, 0))
        and near.nearest_m <= %(radius_m)s::float8
    order by w.person_id, near.nearest_m, w.starts_at
),
told as (
    select
        passed.person_id,
        st_interpolatepoint(passed.path, place.point) as nearest_s,
        passed.nearest_m
    from passed
    cross join place
)
select
    t.person_id as person,
    to_timestamp(t.nearest_s) as nearest_at,
    t.nearest_m
from told as t
order by t.nearest_s, t.person_id;
