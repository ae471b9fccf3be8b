select pg_advisory_unlock(hashtext(%(work)s::text), %(number)s::integer);
