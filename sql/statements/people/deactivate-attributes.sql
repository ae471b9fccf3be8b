update person_attributes as a
set active = false
from unnest(%(person_ids)s::uuid[], %(days)s::date[]) as p (person_id, day)
where
    a.day = p.day
    and a.person_id = p.person_id
    and a.active
    and a.version <> %(version)s::text;
