-- id: people-in-section
-- title: People in a section
-- description: >
--   How many people were in a section at one moment: each path is interpolated at the moment, and the position tested
--   against the section's border as it was then. With attributes, only people who have all of them.
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
    count(distinct p.person_id) as people
from presences(%(at)s::timestamptz, %(section)s::text, %(attribute)s::jsonb) as p;
