-- id: people-over-time
-- title: People in a section over time
-- description: >
--   How many people were in a section at equal steps of time, from the start of the window on: each person counts at
--   every step at which they were within the section's border as it was then. With attributes, only people who have all
--   of them.
-- parameters:
--   - {name: section, type: section, required: true, description: the section}
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
--   - {name: step_minutes, type: number, unit: min, description: "time between two counts, one at least; 15 unless given"}
-- result: series
-- columns:
--   - {name: section, type: text}
--   - {name: at, type: time}
--   - {name: people, type: integer}
-- permission: aggregates
-- needs: [paths]
with chosen as (
    select greatest(coalesce(%(step_minutes)s::float8, 15), 1) * 60 as step_s
),
present as (
    -- Somebody may be cut at a full hour: different people count.
    select
        tick.number,
        count(distinct v.person_id) as people
    from visits(%(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, %(attribute)s::jsonb) as v
    cross join chosen
    cross join lateral generate_series(
        ceil(extract(epoch from v.starts_at - %(from)s::timestamptz)::float8 / chosen.step_s)::bigint,
        floor(extract(epoch from v.ends_at - %(from)s::timestamptz)::float8 / chosen.step_s)::bigint
    ) as tick (number)
    group by tick.number
)
select
    %(section)s::text as section,
    %(from)s::timestamptz + tick.number * chosen.step_s * interval '1 second' as at,
    coalesce(present.people, 0) as people
from chosen
cross join lateral generate_series(
    0, ceil(extract(epoch from %(to)s::timestamptz - %(from)s::timestamptz)::float8 / chosen.step_s)::bigint - 1
) as tick (number)
left join present on tick.number = present.number
order by tick.number;
