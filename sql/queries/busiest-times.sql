-- id: busiest-times
-- title: Busiest times
-- description: >
--   The hours of the week by how many different people are in the mall, or in a section, in such an hour of the mall's
--   own clock on average over the window. With attributes, only people who have all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: section, type: section, description: only this section}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
-- result: rows
-- columns:
--   - {name: weekday, type: text}
--   - {name: clock, type: text}
--   - {name: people, type: integer}
--   - {name: people_an_hour, type: number}
-- permission: aggregates
-- needs: [paths]
with hour as (
    select
        h.hour,
        h.people
    from section_hours(%(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, %(attribute)s::jsonb) as h
    where %(section)s::text is not null
    union all
    select
        v.hour,
        v.people
    from visitor_hours(%(from)s::timestamptz, %(to)s::timestamptz, %(attribute)s::jsonb) as v
    where %(section)s::text is null
),
week as (
    -- An hour in which nobody was there counts, too.
    select
        to_char(moment at time zone %(zone)s::text, 'FMDay') as weekday,
        to_char(moment at time zone %(zone)s::text, 'HH24:MI') as clock,
        count(*) as hours
    from generate_series(hour_floor(%(from)s::timestamptz), hour_ceil(%(to)s::timestamptz) - interval '1 hour', '1 hour') as moment
    group by 1, 2
),
present as (
    select
        to_char(hour.hour at time zone %(zone)s::text, 'FMDay') as weekday,
        to_char(hour.hour at time zone %(zone)s::text, 'HH24:MI') as clock,
        sum(hour.people)::bigint as people
    from hour
    group by 1, 2
)
select
    week.weekday,
    week.clock,
    present.people,
    present.people::float8 / week.hours as people_an_hour
from week
inner join present on week.weekday = present.weekday and week.clock = present.clock
order by people_an_hour desc, week.weekday, week.clock;
