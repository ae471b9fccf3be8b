insert into extraction_ledger as held (segment_id, extractor, epoch, state, owner, lease_until, started_at)
select
    wanted.segment_id,
    %(extractor)s::text,
    1,
    'running',
    %(owner)s::text,
    clock_timestamp() + %(lease)s::interval,
    clock_timestamp()
from unnest(%(segment_ids)s::uuid[]) as wanted (segment_id)
on conflict (segment_id, extractor) do update
    set
        epoch = held.epoch + 1,
        state = 'running',
        owner = excluded.owner,
        lease_until = excluded.lease_until,
        reason = null,
        attempts = case when held.state = 'quarantined' then 0 else held.attempts end,
        progress_s = 0,
        started_at = excluded.started_at,
        finished_at = null
    where
        held.state = 'failed'
        or (held.state = 'quarantined' and %(again)s::boolean)
        or (held.state = 'running' and held.lease_until < clock_timestamp())
returning segment_id, epoch;
