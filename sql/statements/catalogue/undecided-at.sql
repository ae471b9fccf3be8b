select count(distinct p.person_id) as unknown
from presences(%(at)s::timestamptz, %(section)s::text, %(attribute)s::jsonb, true) as p;
