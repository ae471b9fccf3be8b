-- id: common-routes
-- title: Common routes
-- description: >
--   The most common sequences of sections, one entered after the other, begun within the window. Each sequence of a
--   person counts; people are different people. With a section, only routes through it; with attributes, only people
--   who have all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: section, type: section, description: only this section}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
--   - {name: length, type: integer, description: "sections in a route, 2 to 6; 3 unless given"}
-- result: rows
-- columns:
--   - {name: route, type: text}
--   - {name: people, type: integer}
--   - {name: times, type: integer}
-- permission: aggregates
-- needs: [paths]
with step as (
    select
        s.person_id,
        s.section_id,
        s.starts_at,
        lag(s.section_id) over (partition by s.person_id order by s.starts_at, s.section_id collate "C") as before
    from stays_in_sections(%(from)s::timestamptz, %(to)s::timestamptz, null, %(attribute)s::jsonb) as s
),
route as (
    select
        step.person_id,
        array_agg(step.section_id) over (
            partition by step.person_id
            order by step.starts_at, step.section_id collate "C"
            rows between current row and least(greatest(coalesce(%(length)s::integer, 3), 2), 6) - 1 following
        ) as sections
    from step
    where step.before is distinct from step.section_id
),
walked as (
    select
        route.sections,
        route.person_id,
        count(*) as times
    from route
    where
        cardinality(route.sections) = least(greatest(coalesce(%(length)s::integer, 3), 2), 6)
        and (%(section)s::text is null or %(section)s::text = any(route.sections))
    group by route.sections, route.person_id
)
select
    array_to_string(walked.sections, ' > ') as route,
    count(*) as people,
    sum(walked.times)::bigint as times
from walked
group by walked.sections
order by times desc, route
limit 100;
