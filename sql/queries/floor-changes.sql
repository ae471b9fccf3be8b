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
with stay as (
    select
        w.person_id,
        w.floor,
        w.starts_at,
        lag(w.floor) over (partition by w.person_id order by w.starts_at, w.floor) as before
    from stays_on_floors(%(from)s::timestamptz, %(to)s::timestamptz, null, %(attribute)s::jsonb) as w
)
select
    date_trunc('hour', stay.starts_at, 'UTC') as hour,
    stay.before || ' to ' || stay.floor as floors,
    count(distinct stay.person_id) as people,
    count(*) as times
from stay
where stay.before <> stay.floor
group by 1, 2
order by 1, 2;
