update extraction_request
set
    state = 'accepted',
    owner = null,
    lease_until = null,
    attempts = case when %(got_on)s::boolean then 0 else attempts + %(counted)s::boolean::integer end,
    not_before = clock_timestamp() + %(retry_after)s::interval,
    reason = %(reason)s::text
where
    request_id = %(request_id)s::uuid
    and epoch = %(epoch)s::integer
    and state in ('leased', 'running')
returning request_id;
