select pg_advisory_xact_lock(hashtext('mall load ' || %(site)s::text), %(day)s::date - date '2000-01-01');
