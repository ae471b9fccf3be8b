select person_id
from person
where day = %(day)s::date
order by person_id
limit 1;
