select job_id
from job
order by created_at desc, job_id
limit %(limit)s::integer;
