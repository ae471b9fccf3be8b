select coalesce(sum(held.progress_s), 0)
from extraction_ledger as held
inner join unnest(%(segment_ids)s::uuid[], %(extractors)s::text[], %(epochs)s::integer[]) as mine (segment_id, extractor, epoch)
    on
        held.segment_id = mine.segment_id
        and held.extractor = mine.extractor
        and held.epoch = mine.epoch
where held.state = 'running';
