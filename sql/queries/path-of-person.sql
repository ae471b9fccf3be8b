-- id: path-of-person
-- title: Path of one person
-- description: >
--   The way of one person of one day over the floors, in metres, within the window. A purpose is required, and kept in
--   the audit with the question.
-- parameters:
--   - {name: person, type: person, required: true, description: id as the question people tells it}
--   - {name: purpose, type: text, required: true, description: what the path is needed for}
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
-- result: paths
-- columns:
--   - {name: person, type: id}
--   - {name: floor, type: integer}
--   - {name: taken_at, type: time}
--   - {name: x_m, type: number, unit: m}
--   - {name: y_m, type: number, unit: m}
--   - {name: stay, type: integer}
-- permission: individuals
-- needs: [paths]
with piece as (
    select
        t.person_id,
        t.floor,
        t.starts_at,
        t.starts_at - lag(t.ends_at) over (partition by t.floor order by t.starts_at) as pause,
        cut_in_time(
            t.path,
            extract(epoch from greatest(t.starts_at, %(from)s::timestamptz))::float8,
            extract(epoch from least(t.ends_at, %(to)s::timestamptz))::float8
        ) as path
    from person_track as t
    where
        t.person_id = %(person)s::uuid
        and %(purpose)s::text <> ''
        and t.starts_at >= hour_floor(%(from)s::timestamptz)
        and t.starts_at < %(to)s::timestamptz
        and (t.ends_at > %(from)s::timestamptz or t.starts_at >= %(from)s::timestamptz)
),
numbered as (
    select
        piece.person_id,
        piece.floor,
        piece.path,
        count(*) filter (where piece.pause is null or piece.pause > interval '1 millisecond')
            over (order by piece.starts_at, piece.floor) - 1 as stay
    from piece
)
select distinct on (n.stay, taken_at)
    n.person_id as person,
    n.floor,
    -- The last position is that at the end of the half-open window, told a millisecond early.
    least(to_timestamp(st_m(point.geom)), %(to)s::timestamptz - interval '1 millisecond') as taken_at,
    st_x(point.geom) as x_m,
    st_y(point.geom) as y_m,
    n.stay
from numbered as n
cross join lateral st_dumppoints(n.path) as point
order by n.stay, taken_at;
