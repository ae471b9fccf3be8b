update extraction_ledger
set
    state = 'failed',
    attempts = attempts + 1,
    reason = 'its worker died',
    finished_at = clock_timestamp()
where
    segment_id = %(segment_id)s::uuid
    and extractor = %(extractor)s::text
    and epoch = %(epoch)s::integer
    and state = 'running'
returning attempts;
