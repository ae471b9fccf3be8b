select job_id
from job
where who = %(who)s::text
order by created_at desc, job_id
limit %(limit)s::integer;
