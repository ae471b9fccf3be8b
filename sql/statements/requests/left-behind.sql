-- Whoever lives ends the job of a dismissed request in seconds, so what is left for longer than a lease has nobody.
select
    request_id,
    submission_id
from extraction_request
where
    state = 'dismissed'
    and submission_id is not null
    and finished_at < clock_timestamp() - %(for_longer_than)s::interval
order by finished_at
limit %(limit)s::integer;
