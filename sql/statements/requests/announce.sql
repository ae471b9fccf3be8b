select announce(%(request_id)s::uuid, %(event)s::text);
