select
    segment_id,
    reason
from extraction_ledger
where
    segment_id = any(%(segment_ids)s::uuid[])
    and state = 'failed'
order by finished_at desc
limit 3;
