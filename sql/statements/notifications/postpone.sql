update notification
set
    attempts = attempts + 1,
    next_at = %(next_at)s::timestamptz,
    last_error = %(error)s::text
where notification_id = %(notification_id)s::bigint;
