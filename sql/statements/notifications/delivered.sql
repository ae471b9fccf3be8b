update notification
set
    attempts = attempts + 1,
    delivered_at = clock_timestamp(),
    last_error = null
where notification_id = %(notification_id)s::bigint;
