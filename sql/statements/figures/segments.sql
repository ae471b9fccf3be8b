select
    e.state,
    count(*),
    sum(extract(epoch from s.ends_at - s.starts_at)::float8) as camera_s
from extraction_ledger as e
inner join segment as s on e.segment_id = s.segment_id
group by e.state;
