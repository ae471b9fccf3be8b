select
    j.job_id,
    j.question,
    j.inputs,
    j.who,
    j.created_at,
    j.dismissed_at,
    r.request_id,
    r.segment_ids,
    r.starts_at,
    r.ends_at,
    r.camera_s,
    r.state,
    r.priority,
    r.epoch,
    r.attempts,
    r.reason,
    r.created_at as requested_at,
    r.started_at,
    r.finished_at,
    r.runner,
    r.submission_id
from job as j
inner join extraction_request as r on j.request_id = r.request_id
where j.job_id = any(%(job_ids)s::uuid[])
order by j.created_at desc, j.job_id;
