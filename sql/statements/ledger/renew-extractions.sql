update extraction_ledger as held
set lease_until = clock_timestamp() + %(lease)s::interval
from unnest(%(segment_ids)s::uuid[], %(extractors)s::text[], %(epochs)s::integer[]) as mine (segment_id, extractor, epoch)
where
    held.segment_id = mine.segment_id
    and held.extractor = mine.extractor
    and held.epoch = mine.epoch
    and held.state = 'running'
returning held.segment_id, held.extractor;
