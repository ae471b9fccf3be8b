update extraction_ledger
set progress_s = %(progress_s)s::float8
where
    segment_id = %(segment_id)s::uuid
    and extractor = %(extractor)s::text
    and epoch = %(epoch)s::integer
    and state = 'running';
