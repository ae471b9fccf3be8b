select pg_advisory_unlock(hashtext('mall retention'));
