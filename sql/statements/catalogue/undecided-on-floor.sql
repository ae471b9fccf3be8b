select count(distinct part.person_id) as unknown
from (
    select s.person_id
    from stays_on_floors(
        %(from)s::timestamptz, %(to)s::timestamptz, %(floor)s::integer, %(attribute)s::jsonb, true
    ) as s
    where %(section)s::text is null
    union all
    select w.person_id
    from walks(
        %(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, %(floor)s::integer, %(attribute)s::jsonb, true
    ) as w
    where %(section)s::text is not null
) as part;
