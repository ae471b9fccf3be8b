-- id: dwell-time
-- title: Dwell time by section
-- description: >
--   How long people stay in each section: different people of each day, their visits, minutes a person and day, and
--   minutes a visit. The window cuts visits. Who leaves and comes back makes two visits. With attributes, only people
--   who have all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: section, type: section, description: only this section}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
-- result: rows
-- columns:
--   - {name: section, type: text}
--   - {name: people, type: integer}
--   - {name: visits, type: integer}
--   - {name: minutes_a_person, type: number, unit: min}
--   - {name: minutes_a_visit, type: number, unit: min}
-- permission: aggregates
-- needs: [paths]
select
    d.section_id as section,
    sum(d.people)::bigint as people,
    sum(d.visits)::bigint as visits,
    sum(d.present_s) / sum(d.people)::float8 / 60 as minutes_a_person,
    sum(d.present_s) / sum(d.visits)::float8 / 60 as minutes_a_visit
from section_days(
    %(from)s::timestamptz, %(to)s::timestamptz, %(zone)s::text, %(section)s::text, %(attribute)s::jsonb
) as d
group by d.section_id
order by people desc, d.section_id;
