-- id: people
-- title: People
-- description: >
--   Who was there: first and last sight within the window, the distance walked in it, and what they wore. With a section,
--   sight and distance count inside it only. With attributes, only people who have all of them; "unknown" is undecided.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
--   - {name: section, type: section, description: only inside this section}
-- result: rows
-- by: day
-- columns:
--   - {name: person, type: id}
--   - {name: first_seen, type: time}
--   - {name: last_seen, type: time}
--   - {name: distance_m, type: number, unit: m}
--   - {name: attributes, type: attributes}
-- permission: individuals
-- needs: [paths, attributes]
with present as (
    -- A whole day is told by the people themselves, a section by its visits, the rest by paths.
    select
        p.person_id,
        p.first_seen,
        p.last_seen,
        p.distance_m
    from person as p
    where
        %(section)s::text is null
        and %(from)s::timestamptz = midnight(day_floor(%(from)s::timestamptz, %(zone)s::text), %(zone)s::text)
        and %(to)s::timestamptz = midnight(day_floor(%(from)s::timestamptz, %(zone)s::text) + 1, %(zone)s::text)
        and p.day = day_floor(%(from)s::timestamptz, %(zone)s::text)
        and (
            %(attribute)s::jsonb = '{}'
            or p.person_id in (
                select d.person_id
                from people_with(%(from)s::timestamptz, %(to)s::timestamptz, %(attribute)s::jsonb) as d
            )
        )
    union all
    select
        w.person_id,
        min(w.starts_at),
        max(w.ends_at),
        sum(w.length_m)
    from walks(%(from)s::timestamptz, %(to)s::timestamptz, null, null, %(attribute)s::jsonb) as w
    where
        %(section)s::text is null
        and not (
            %(from)s::timestamptz = midnight(day_floor(%(from)s::timestamptz, %(zone)s::text), %(zone)s::text)
            and %(to)s::timestamptz = midnight(day_floor(%(from)s::timestamptz, %(zone)s::text) + 1, %(zone)s::text)
        )
    group by w.person_id
    union all
    select
        v.person_id,
        min(v.starts_at),
        max(v.ends_at),
        sum(v.length_m)
    from measured_visits(%(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, %(attribute)s::jsonb) as v
    where %(section)s::text is not null
    group by v.person_id
),
told as (
    select
        present.person_id,
        present.first_seen,
        present.last_seen,
        present.distance_m
    from present
    order by present.first_seen, present.person_id
)
select
    told.person_id as person,
    told.first_seen,
    told.last_seen,
    told.distance_m,
    described.attributes
from told
-- Of those who are read only.
left join lateral (
    select a.attributes
    from person_attributes as a
    where
        a.day = day_floor(%(from)s::timestamptz, %(zone)s::text)
        and a.person_id = told.person_id
        and a.active
    limit 1
) as described on true
order by told.first_seen, told.person_id;
