update notification
set
    attempts = attempts + 1,
    gave_up_at = clock_timestamp(),
    last_error = %(error)s::text
where notification_id = %(notification_id)s::bigint;
