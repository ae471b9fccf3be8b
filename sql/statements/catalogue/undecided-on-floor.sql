select count(distinct w.person_id) as unknown
from walks(
    %(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, %(floor)s::integer, %(attribute)s::jsonb, true
) as w;
