insert into load_ledger as held (site, hour, epoch, state, owner, lease_until, started_at)
values (
    %(site)s::text,
    %(hour)s::timestamptz,
    1,
    'running',
    %(owner)s::text,
    clock_timestamp() + %(lease)s::interval,
    clock_timestamp()
)
on conflict (site, hour) do update
    set
        epoch = held.epoch + 1,
        state = 'running',
        owner = excluded.owner,
        lease_until = excluded.lease_until,
        started_at = excluded.started_at,
        finished_at = null
    where
        held.state = 'done'
        or held.lease_until < clock_timestamp()
returning epoch;
