-- The latest results, against the time in which at least one of them was worked on.
with latest as (
    select
        e.segment_id,
        e.started_at,
        e.finished_at
    from extraction_ledger as e
    where
        e.state = 'done'
        and e.extractor = %(extractor)s::text
        and e.finished_at > e.started_at
    order by e.finished_at desc
    limit 500
),
busy as (
    select sum(extract(epoch from upper(span) - lower(span))::float8) as wall_s
    from (
        select unnest(range_agg(tstzrange(started_at, finished_at))) as span
        from latest
    ) as spans
)
select sum(extract(epoch from s.ends_at - s.starts_at)::float8) / nullif(max(busy.wall_s), 0)
from latest
inner join segment as s on latest.segment_id = s.segment_id
cross join busy;
