-- Counts what was extracted during the requests, not what was there before them.
select sum(work.camera_s) / nullif(sum(extract(epoch from r.finished_at - r.started_at)::float8), 0)
from (
    select
        segment_ids,
        started_at,
        finished_at
    from extraction_request
    where
        state = 'successful'
        and finished_at > clock_timestamp() - interval '7 days'
    order by finished_at desc
    limit 20
) as r
cross join lateral (
    select sum(extract(epoch from s.ends_at - s.starts_at)::float8) as camera_s
    from extraction_ledger as e
    inner join segment as s on e.segment_id = s.segment_id
    where
        e.segment_id = any(r.segment_ids)
        and e.state = 'done'
        and e.finished_at between r.started_at and r.finished_at
) as work
where work.camera_s is not null;
