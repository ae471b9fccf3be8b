select
    person_id,
    day
from person
where day = any(%(days)s::date[]);
