update extraction_request
set
    state = 'accepted',
    owner = null,
    lease_until = null,
    attempts = attempts + %(counted)s::boolean::integer,
    not_before = clock_timestamp() + %(retry_after)s::interval,
    reason = %(reason)s::text
where
    request_id = %(request_id)s::uuid
    and epoch = %(epoch)s::integer
    and state in ('leased', 'running')
returning request_id;
