update extraction_request as held
set
    state = 'leased',
    epoch = held.epoch + 1,
    owner = %(owner)s::text,
    lease_until = clock_timestamp() + %(lease)s::interval
from (
    select request_id
    from extraction_request
    where
        state in ('accepted', 'leased', 'running')
        and case state
            when 'accepted' then not_before <= clock_timestamp()
            else lease_until < clock_timestamp()
        end
        and (%(request_id)s::uuid is null or request_id = %(request_id)s::uuid)
        and camera_s > %(more_than_s)s::float8
        and camera_s <= %(at_most_s)s::float8
    order by priority desc, created_at
    limit 1
    for update skip locked
) as best
where held.request_id = best.request_id
returning held.request_id;
