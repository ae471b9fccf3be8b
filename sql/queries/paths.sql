-- id: paths
-- title: Paths of people
-- description: >
--   The ways of people over the floors, in metres. With attributes, only people who have all of them. The window cuts
--   the paths; with a section, only the parts inside it. Between two rows of a stay a person walked straight and evenly.
--   A stay ends where the floor changes, the person is lost from sight or leaves the section; no place is told of while
--   nobody saw the person.
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
with someone as (
    select there.person_id
    from (
        select s.person_id
        from stays_on_floors(
            %(from)s::timestamptz, %(to)s::timestamptz, %(floor)s::integer, %(attribute)s::jsonb
        ) as s
        where %(section)s::text is null
        union all
        select v.person_id
        from visits(%(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, %(attribute)s::jsonb) as v
        where %(section)s::text is not null
    ) as there
    group by there.person_id
    order by there.person_id
)
select
    someone.person_id as person,
    told.floor,
    told.taken_at,
    told.x_m,
    told.y_m,
    told.stay
from someone
-- Person by person: what is not read yet costs nothing.
cross join lateral (
    select distinct on (numbered.stay, taken_at)
        numbered.floor,
        -- The last position is that at the end of the half-open window, told a millisecond early.
        least(to_timestamp(st_m(point.geom)), %(to)s::timestamptz - interval '1 millisecond') as taken_at,
        st_x(point.geom) as x_m,
        st_y(point.geom) as y_m,
        numbered.stay
    from (
        select
            piece.floor,
            piece.path,
            count(*) filter (where piece.pause is null or piece.pause > interval '1 millisecond')
                over (order by piece.starts_at, piece.floor) - 1 as stay
        from (
            select
                w.floor,
                seen.starts_at,
                seen.path,
                -- Pieces of one stay were cut at the full hour, and share the cut point.
                seen.starts_at - lag(seen.ends_at) over (partition by w.floor order by seen.starts_at) as pause
            from walks_of(
                someone.person_id, someone.person_id,
                %(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, %(floor)s::integer
            ) as w
            cross join lateral seen_parts(w.starts_at, w.ends_at, w.path, w.unseen) as seen (starts_at, ends_at, path)
        ) as piece
    ) as numbered
    cross join lateral st_dumppoints(numbered.path) as point
    order by numbered.stay, taken_at
) as told
order by person, told.stay, told.taken_at;
