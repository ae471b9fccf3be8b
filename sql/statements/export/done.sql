select pg_advisory_unlock(hashtext('mall export'), %(day)s::date - date '2000-01-01');
