select pg_try_advisory_lock(hashtext(%(work)s::text), %(number)s::integer);
