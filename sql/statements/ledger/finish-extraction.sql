update extraction_ledger
set
    state = 'done',
    prefix = %(prefix)s::text,
    tracklets = %(tracklets)s::integer,
    sightings = %(sightings)s::bigint,
    pictures = %(pictures)s::integer,
    finished_at = coalesce(finished_at, clock_timestamp())
where
    segment_id = %(segment_id)s::uuid
    and extractor = %(extractor)s::text
    and epoch = %(epoch)s::integer
    and (state = 'running' or (state = 'done' and prefix = %(prefix)s::text))
returning segment_id;
