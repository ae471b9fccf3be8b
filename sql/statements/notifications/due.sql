select
    notification_id,
    job_id,
    event,
    url,
    body,
    attempts
from notification
where
    delivered_at is null
    and gave_up_at is null
    and next_at <= clock_timestamp()
order by next_at, notification_id
limit %(limit)s::integer
for update skip locked;
