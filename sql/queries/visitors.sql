-- id: visitors
-- title: Visitors by day
-- description: >
--   Different people in the mall on each of its own days. The window cuts: its first and last day may be parts. With
--   attributes, only people who have all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
-- result: series
-- columns:
--   - {name: day, type: text}
--   - {name: people, type: integer}
-- permission: aggregates
-- needs: [paths]
select
    v.day::text as day,
    sum(v.people)::bigint as people
from visitor_days(%(from)s::timestamptz, %(to)s::timestamptz, %(zone)s::text, %(attribute)s::jsonb) as v
group by v.day
order by v.day;
