-- id: queue-waiting
-- title: Waiting time in a queue
-- description: >
--   How long people wait in a section that is a queue, by the hour in which they came: different people, minutes on
--   average, in the median and in the ninth decile. The window cuts visits. With attributes, only people who have all
--   of them.
-- parameters:
--   - {name: section, type: section, required: true, description: the section}
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
-- result: series
-- columns:
--   - {name: section, type: text}
--   - {name: hour, type: time}
--   - {name: people, type: integer}
--   - {name: average_minutes, type: number, unit: min}
--   - {name: median_minutes, type: number, unit: min}
--   - {name: ninth_decile_minutes, type: number, unit: min}
-- permission: aggregates
-- needs: [paths]
with waited as (
    select
        s.person_id,
        date_trunc('hour', s.starts_at, 'UTC') as hour,
        extract(epoch from s.ends_at - s.starts_at)::float8 / 60 as minutes
    from stays_in_sections(
        %(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, %(attribute)s::jsonb
    ) as s
)
select
    %(section)s::text as section,
    w.hour,
    count(distinct w.person_id) as people,
    avg(w.minutes) as average_minutes,
    percentile_cont(0.5) within group (order by w.minutes) as median_minutes,
    percentile_cont(0.9) within group (order by w.minutes) as ninth_decile_minutes
from waited as w
group by w.hour
order by w.hour;
