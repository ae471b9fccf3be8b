update extraction_request
set
    state = %(state)s::text,
    owner = null,
    lease_until = null,
    reason = %(reason)s::text,
    finished_at = clock_timestamp()
where
    request_id = %(request_id)s::uuid
    and epoch = %(epoch)s::integer
    and state in ('leased', 'running')
returning request_id;
