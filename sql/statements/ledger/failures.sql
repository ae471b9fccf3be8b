select
    e.segment_id,
    e.reason
from extraction_ledger as e
inner join segment as s on e.segment_id = s.segment_id
where
    s.starts_at < %(end)s::timestamptz
    and s.ends_at > %(start)s::timestamptz
    and e.state in ('failed', 'quarantined')
    and e.extractor = %(extractor)s::text;
