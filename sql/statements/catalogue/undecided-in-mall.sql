-- Of whole days all people but those with a known value, of the rest the people themselves.
select sum(part.people)::bigint as unknown
from (
    select coalesce(sum(case when d.attribute = '' then d.people else -d.people end), 0) as people
    from visitor_day as d
    where
        rollup_label(%(attribute)s::jsonb) is not null
        and (d.attribute = '' or starts_with(d.attribute, split_part(rollup_label(%(attribute)s::jsonb), ':', 1) || ':'))
        and d.day >= day_ceil(%(from)s::timestamptz, %(zone)s::text)
        and d.day < day_floor(%(to)s::timestamptz, %(zone)s::text)
    union all
    select count(distinct s.person_id)
    from stays_on_floors(
        %(from)s::timestamptz,
        case
            when rollup_label(%(attribute)s::jsonb) is null then %(to)s::timestamptz
            else least(midnight(day_ceil(%(from)s::timestamptz, %(zone)s::text), %(zone)s::text), %(to)s::timestamptz)
        end,
        null, %(attribute)s::jsonb, true
    ) as s
    where
        rollup_label(%(attribute)s::jsonb) is null
        or %(from)s::timestamptz < midnight(day_ceil(%(from)s::timestamptz, %(zone)s::text), %(zone)s::text)
    union all
    select count(distinct s.person_id)
    from stays_on_floors(
        greatest(midnight(day_floor(%(to)s::timestamptz, %(zone)s::text), %(zone)s::text), %(from)s::timestamptz),
        %(to)s::timestamptz, null, %(attribute)s::jsonb, true
    ) as s
    where
        rollup_label(%(attribute)s::jsonb) is not null
        and day_floor(%(to)s::timestamptz, %(zone)s::text) >= day_ceil(%(from)s::timestamptz, %(zone)s::text)
        and midnight(day_floor(%(to)s::timestamptz, %(zone)s::text), %(zone)s::text) < %(to)s::timestamptz
) as part;
