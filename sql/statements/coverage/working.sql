-- What a claimed segment's worker has in hand, and what an active request wants and is not done yet.
select
    s.camera_id,
    s.starts_at,
    s.ends_at
from segment as s
where
    s.starts_at < %(end)s::timestamptz
    and s.ends_at > %(start)s::timestamptz
    and (
        exists (
            select
            from extraction_ledger as e
            where
                e.segment_id = s.segment_id
                and e.state = 'running'
                and e.lease_until > clock_timestamp()
        )
        or s.segment_id in (
            select unnest(r.segment_ids)
            from extraction_request as r
            where r.state in ('accepted', 'leased', 'running')
        )
    );
