-- id: footfall
-- title: Footfall by section and hour
-- description: >
--   Different people in each section in each full hour of the window (the hours of the clock in UTC), and how long they
--   were there together. The window cuts: its first and last hour may be parts. With attributes, only people who have
--   all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: section, type: section, description: only this section}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
-- result: series
-- columns:
--   - {name: section, type: text}
--   - {name: hour, type: time}
--   - {name: people, type: integer}
--   - {name: person_minutes, type: number, unit: min}
-- permission: aggregates
-- needs: [paths]
select
    h.section_id as section,
    h.hour,
    sum(h.people)::bigint as people,
    sum(h.present_s) / 60 as person_minutes
from section_hours(%(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, %(attribute)s::jsonb) as h
group by h.section_id, h.hour
order by h.hour, h.section_id;
