-- id: floor-changes
-- title: Changes of floor
-- description: >
--   How many people went from one floor to another, and how often, by the hour in which they were seen on the new
--   floor. With attributes, only people who have all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
-- result: series
-- columns:
--   - {name: hour, type: time}
--   - {name: floors, type: text}
--   - {name: people, type: integer}
--   - {name: times, type: integer}
-- permission: aggregates
-- needs: [paths]
select
    c.hour,
    c.from_floor || ' to ' || c.to_floor as floors,
    sum(c.people)::bigint as people,
    sum(c.times)::bigint as times
from floor_changes(%(from)s::timestamptz, %(to)s::timestamptz, %(zone)s::text, %(attribute)s::jsonb) as c
group by c.hour, c.from_floor, c.to_floor
order by c.hour, floors;
