-- Visits tell who was there: of whole days all people but those with a known value, of the rest the people themselves.
select sum(part.people)::bigint as unknown
from (
    select coalesce(sum(case when d.attribute = '' then d.people else -d.people end), 0) as people
    from section_day as d
    where
        rollup_label(%(attribute)s::jsonb) is not null
        and d.section_id = %(section)s::text
        and (d.attribute = '' or starts_with(d.attribute, split_part(rollup_label(%(attribute)s::jsonb), ':', 1) || ':'))
        and d.day >= day_ceil(%(from)s::timestamptz, %(zone)s::text)
        and d.day < day_floor(%(to)s::timestamptz, %(zone)s::text)
    union all
    select count(distinct v.person_id)
    from visits(
        %(from)s::timestamptz,
        case
            when rollup_label(%(attribute)s::jsonb) is null then %(to)s::timestamptz
            else least(midnight(day_ceil(%(from)s::timestamptz, %(zone)s::text), %(zone)s::text), %(to)s::timestamptz)
        end,
        %(section)s::text, %(attribute)s::jsonb, true
    ) as v
    where
        rollup_label(%(attribute)s::jsonb) is null
        or %(from)s::timestamptz < midnight(day_ceil(%(from)s::timestamptz, %(zone)s::text), %(zone)s::text)
    union all
    select count(distinct v.person_id)
    from visits(
        greatest(midnight(day_floor(%(to)s::timestamptz, %(zone)s::text), %(zone)s::text), %(from)s::timestamptz),
        %(to)s::timestamptz, %(section)s::text, %(attribute)s::jsonb, true
    ) as v
    where
        rollup_label(%(attribute)s::jsonb) is not null
        and day_floor(%(to)s::timestamptz, %(zone)s::text) >= day_ceil(%(from)s::timestamptz, %(zone)s::text)
        and midnight(day_floor(%(to)s::timestamptz, %(zone)s::text), %(zone)s::text) < %(to)s::timestamptz
) as part;
