-- id: average-distance
-- title: Average distance
-- description: >
--   How far people walked within the window, on average and in the median. With a section, the distance inside it, over
--   the people who were in it. With attributes, only people who have all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
--   - {name: section, type: section, description: only inside this section}
-- result: scalar
-- columns:
--   - {name: people, type: integer}
--   - {name: average_distance_m, type: number, unit: m}
--   - {name: median_distance_m, type: number, unit: m}
-- permission: aggregates
-- needs: [paths]
with inside as (
    -- Of people whose whole day lies within the window the distance is known.
    select
        p.person_id,
        p.distance_m
    from person as p
    where
        %(section)s::text is null
        and p.day between
        day_floor(%(from)s::timestamptz, %(zone)s::text)
        and day_floor(%(to)s::timestamptz - interval '1 microsecond', %(zone)s::text)
        and p.first_seen >= %(from)s::timestamptz
        and p.last_seen < %(to)s::timestamptz
        and (
            %(attribute)s::jsonb = '{}'
            or p.person_id in (
                select d.person_id
                from people_with(%(from)s::timestamptz, %(to)s::timestamptz, %(attribute)s::jsonb) as d
            )
        )
),
walked as (
    select inside.distance_m
    from inside
    union all
    select sum(w.length_m)
    from walks(
        %(from)s::timestamptz,
        least(midnight(day_ceil(%(from)s::timestamptz, %(zone)s::text), %(zone)s::text), %(to)s::timestamptz),
        null, null, %(attribute)s::jsonb
    ) as w
    where
        %(section)s::text is null
        and %(from)s::timestamptz < midnight(day_ceil(%(from)s::timestamptz, %(zone)s::text), %(zone)s::text)
        and w.person_id not in (select inside.person_id from inside)
    group by w.person_id
    union all
    select sum(w.length_m)
    from walks(
        greatest(midnight(day_floor(%(to)s::timestamptz, %(zone)s::text), %(zone)s::text), %(from)s::timestamptz),
        %(to)s::timestamptz, null, null, %(attribute)s::jsonb
    ) as w
    where
        %(section)s::text is null
        and day_floor(%(to)s::timestamptz, %(zone)s::text) >= day_ceil(%(from)s::timestamptz, %(zone)s::text)
        and midnight(day_floor(%(to)s::timestamptz, %(zone)s::text), %(zone)s::text) < %(to)s::timestamptz
        and w.person_id not in (select inside.person_id from inside)
    group by w.person_id
    union all
    select w.length_m
    from section_lengths(
        %(from)s::timestamptz, %(to)s::timestamptz, %(zone)s::text, %(section)s::text, %(attribute)s::jsonb
    ) as w
    where %(section)s::text is not null
)
select
    count(*) as people,
    avg(walked.distance_m) as average_distance_m,
    percentile_cont(0.5) within group (order by walked.distance_m) as median_distance_m
from walked;
