update extraction_request
set lease_until = clock_timestamp() + %(lease)s::interval
where
    request_id = %(request_id)s::uuid
    and epoch = %(epoch)s::integer
    and state in ('leased', 'running')
returning request_id;
