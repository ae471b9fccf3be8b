update extraction_ledger
set
    state = 'quarantined',
    reason = %(reason)s::text,
    finished_at = clock_timestamp()
where
    segment_id = %(segment_id)s::uuid
    and extractor = %(extractor)s::text
    and epoch = %(epoch)s::integer
    and state in ('running', 'failed');
