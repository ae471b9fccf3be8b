-- id: people-in-section
-- title: People in a section
-- description: >
--   How many people were in a section at one moment: within the section's border as it was then, by their paths. With
--   attributes, only people who have all of them.
-- parameters:
--   - {name: section, type: section, required: true, description: the section}
--   - {name: at, type: time, required: true, description: the moment}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
-- result: scalar
-- columns:
--   - {name: section, type: text}
--   - {name: at, type: time}
--   - {name: people, type: integer}
-- permission: aggregates
-- needs: [paths]
select
    %(section)s::text as section,
    %(at)s::timestamptz as at,
    count(distinct v.person_id) as people
from visits(
    hour_floor(%(at)s::timestamptz), %(at)s::timestamptz + interval '1 microsecond', %(section)s::text, %(attribute)s::jsonb
) as v
where v.ends_at >= %(at)s::timestamptz;
