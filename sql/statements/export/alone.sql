select pg_try_advisory_lock(hashtext('mall export'), %(day)s::date - date '2000-01-01');
