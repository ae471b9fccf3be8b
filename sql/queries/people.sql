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
    select
        w.person_id,
        min(w.starts_at) as first_seen,
        max(w.ends_at) as last_seen,
        sum(w.length_m) as distance_m
    from walks(
        %(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, null, %(attribute)s::jsonb
    ) as w
    group by w.person_id
)
select
    p.person_id as person,
    p.first_seen,
    p.last_seen,
    p.distance_m,
    a.attributes
from present as p
left join person_attributes as a
    on
        p.person_id = a.person_id
        and a.active
        and a.day = day_floor(%(from)s::timestamptz, %(zone)s::text)
order by p.first_seen, p.person_id;
