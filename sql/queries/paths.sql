-- id: paths
-- title: Paths of people
-- description: >
--   The ways of people over the floors, in metres. With attributes, only people who have all of them. The window cuts
--   the paths; with a section, only the parts inside it. Between two rows of a stay a person walked straight and evenly.
--   A stay ends where the floor changes, the person is lost from sight or leaves the section.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
--   - {name: section, type: section, description: only inside this section}
--   - {name: floor, type: floor, description: only on this floor}
-- result: paths
-- by: day
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
        w.starts_at,
        w.path,
        -- Pieces of one stay were cut at the full hour, and share the cut point.
        w.starts_at - lag(w.ends_at) over (partition by w.person_id, w.floor order by w.starts_at) as pause
    from walks(
        %(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, %(floor)s::integer, %(attribute)s::jsonb
    ) as w
),
numbered as (
    select
        piece.person_id,
        piece.floor,
        piece.path,
        count(*) filter (where piece.pause is null or piece.pause > interval '1 millisecond')
            over (partition by piece.person_id order by piece.starts_at, piece.floor) - 1 as stay
    from piece
)
select distinct on (n.person_id, n.stay, taken_at)
    n.person_id as person,
    n.floor,
    -- The last position is that at the end of the half-open window, told a millisecond early.
    least(to_timestamp(st_m(point.geom)), %(to)s::timestamptz - interval '1 millisecond') as taken_at,
    st_x(point.geom) as x_m,
    st_y(point.geom) as y_m,
    n.stay
from numbered as n
cross join lateral st_dumppoints(n.path) as point
order by n.person_id, n.stay, taken_at;
