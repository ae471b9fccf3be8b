-- Of each segment the finished extraction, if there is one, else the one begun last.
select
    coalesce(sum(one.camera_s), 0),
    coalesce(sum(one.done_s), 0),
    coalesce(sum(one.done_s) filter (where one.finished_at < one.started_at), 0),
    count(*),
    count(*) filter (where one.state = 'done'),
    count(*) filter (where one.state = 'quarantined'),
    min(one.begun_at) filter (where one.begun_at >= one.started_at),
    min(one.finished_at) filter (where one.is_own),
    max(one.finished_at) filter (where one.is_own),
    count(*) filter (where one.is_own),
    coalesce(sum(one.camera_s) filter (where one.is_own), 0),
    coalesce((array_agg(one.camera_s order by one.finished_at) filter (where one.is_own))[1], 0),
    case when bool_and(one.state in ('done', 'quarantined')) then max(one.finished_at) end
from (
    select
        work.state,
        work.finished_at,
        work.started_at as begun_at,
        r.started_at,
        length.camera_s,
        work.state in ('done', 'quarantined') and work.finished_at >= r.started_at as is_own,
        case
            when work.state in ('done', 'quarantined') then length.camera_s
            when work.state = 'running' then least(work.progress_s, length.camera_s)
            else 0
        end as done_s
    from extraction_request as r
    cross join unnest(r.segment_ids) as wanted (segment_id)
    inner join segment as s on wanted.segment_id = s.segment_id
    cross join lateral (select extract(epoch from s.ends_at - s.starts_at)::float8 as camera_s) as length
    left join lateral (
        select
            e.state,
            e.progress_s,
            e.finished_at,
            e.started_at
        from extraction_ledger as e
        where e.segment_id = s.segment_id
        order by (e.state = 'done') desc, e.started_at desc
        limit 1
    ) as work on true
    where r.request_id = %(request_id)s::uuid
) as one;
