select
    request_id,
    segment_ids,
    starts_at,
    ends_at,
    camera_s,
    state,
    priority,
    epoch,
    attempts,
    reason,
    created_at,
    started_at,
    finished_at,
    runner,
    submission_id
from extraction_request
where request_id = %(request_id)s::uuid;
