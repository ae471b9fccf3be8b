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
    select
        ask.step_s,
        -- Steps of full minutes are in the rollup, unless an hour was loaded before it knew them.
        rollup_label(%(attribute)s::jsonb) is not null
        and date_trunc('minute', %(from)s::timestamptz) = %(from)s::timestamptz
        and ask.step_s = floor(ask.step_s / 60) * 60
        and not exists (
            select
            from section_hour as h
            where
                h.section_id = %(section)s::text
                and h.attribute = rollup_label(%(attribute)s::jsonb)
                and h.hour >= hour_floor(%(from)s::timestamptz)
                and h.hour < %(to)s::timestamptz
                and h.day between
                day_floor(%(from)s::timestamptz, %(zone)s::text) and day_floor(%(to)s::timestamptz, %(zone)s::text)
                and h.present is null
        ) as by_minutes
    from (select greatest(coalesce(%(step_minutes)s::float8, 15), 1) * 60 as step_s) as ask
),
present as (
    select
        minute.at_s / chosen.step_s as number,
        sum(minute.people) as people
    from chosen
    cross join lateral (
        select
            extract(epoch from h.hour - %(from)s::timestamptz)::float8 + (counted.minute - 1) * 60 as at_s,
            counted.people
        from section_hour as h
        cross join lateral unnest(h.present) with ordinality as counted (people, minute)
        where
            h.section_id = %(section)s::text
            and h.attribute = rollup_label(%(attribute)s::jsonb)
            and h.hour >= hour_floor(%(from)s::timestamptz)
            and h.hour < %(to)s::timestamptz
            and h.day between
            day_floor(%(from)s::timestamptz, %(zone)s::text) and day_floor(%(to)s::timestamptz, %(zone)s::text)
    ) as minute
    where
        chosen.by_minutes
        and minute.at_s = floor(minute.at_s / chosen.step_s) * chosen.step_s
    group by minute.at_s / chosen.step_s
    union all
    -- Somebody may be cut at a full hour, where the piece that begins there counts: different people.
    select
        tick.number,
        count(distinct v.person_id) as people
    from chosen
    cross join visits(%(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, %(attribute)s::jsonb) as v
    cross join lateral generate_series(
        ceil(extract(epoch from v.starts_at - %(from)s::timestamptz)::float8 / chosen.step_s)::bigint,
        floor(
            extract(
                epoch from least(v.ends_at, hour_floor(v.starts_at) + interval '59 minutes 59.999999 seconds')
                - %(from)s::timestamptz
            )::float8 / chosen.step_s
        )::bigint
    ) as tick (number)
    where not chosen.by_minutes
    group by tick.number
)
select
    %(section)s::text as section,
    %(from)s::timestamptz + tick.number * chosen.step_s * interval '1 second' as at,
    coalesce(present.people, 0)::bigint as people
from chosen
cross join lateral generate_series(
    0, ceil(extract(epoch from %(to)s::timestamptz - %(from)s::timestamptz)::float8 / chosen.step_s)::bigint - 1
) as tick (number)
left join present on tick.number = present.number
order by tick.number;
