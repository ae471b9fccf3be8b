-- How long a second of video took to be loaded, in the hours loaded last.
select sum(extract(epoch from l.finished_at - l.started_at)::float8) / nullif(sum(video.camera_s), 0)
from (
    select
        hour,
        started_at,
        finished_at
    from load_ledger
    where
        state = 'done'
        and finished_at > clock_timestamp() - interval '7 days'
    order by finished_at desc
    limit 5
) as l
cross join lateral (
    select sum(extract(epoch from c.ends_at - c.starts_at)::float8) as camera_s
    from coverage as c
    where
        c.ends_at > l.hour
        and c.ends_at <= l.hour + interval '1 hour'
        and c.reason is null
) as video
where video.camera_s is not null;
