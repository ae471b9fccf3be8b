update extraction_request
set
    state = 'running',
    runner = %(runner)s::text,
    submission_id = %(submission_id)s::text,
    started_at = coalesce(started_at, clock_timestamp())
where
    request_id = %(request_id)s::uuid
    and epoch = %(epoch)s::integer
    and state in ('leased', 'running')
returning request_id;
