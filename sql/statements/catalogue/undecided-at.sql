select count(distinct part.person_id) as unknown
from (
    select v.person_id
    from visits(
        hour_floor(%(at)s::timestamptz), %(at)s::timestamptz + interval '1 microsecond',
        %(section)s::text, %(attribute)s::jsonb, true
    ) as v
    where
        %(section)s::text is not null
        and v.ends_at >= %(at)s::timestamptz
    union all
    select p.person_id
    from presences(%(at)s::timestamptz, null, %(attribute)s::jsonb, true) as p
    where %(section)s::text is null
) as part;
