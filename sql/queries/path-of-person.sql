-- id: path-of-person
-- title: Path of one person
-- description: >
--   The way of one person of one day over the floors, in metres, within the window. A stay ends where the floor changes or
--   the person is lost from sight. A purpose is required, and kept in the audit with the question.
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
        w.person_id,
        w.floor,
        seen.starts_at,
        seen.path,
        -- Pieces of one stay were cut at the full hour, and share the cut point.
        seen.starts_at - lag(seen.ends_at) over (partition by w.floor order by seen.starts_at) as pause
    from walks_of(%(person)s::uuid, %(person)s::uuid, %(from)s::timestamptz, %(to)s::timestamptz) as w
    cross join lateral seen_parts(w.starts_at, w.ends_at, w.path, w.unseen) as seen (starts_at, ends_at, path)
    where %(purpose)s::text <> ''
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
