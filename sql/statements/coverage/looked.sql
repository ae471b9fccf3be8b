-- How many pictures were looked at, by camera and full hour; a recording over a full hour gives each its share.
select
    s.camera_id,
    hour.starts_at as hour,
    sum(e.pictures * part.seconds / extract(epoch from s.ends_at - s.starts_at)::float8) as pictures,
    sum(part.seconds) as seconds
from extraction_ledger as e
inner join segment as s on e.segment_id = s.segment_id
cross join lateral generate_series(
    date_trunc('hour', greatest(s.starts_at, %(start)s::timestamptz), 'UTC'),
    least(s.ends_at, %(end)s::timestamptz) - interval '1 microsecond',
    interval '1 hour'
) as hour (starts_at)
cross join lateral (
    select extract(
        epoch from least(s.ends_at, %(end)s::timestamptz, hour.starts_at + interval '1 hour')
        - greatest(s.starts_at, %(start)s::timestamptz, hour.starts_at)
    )::float8 as seconds
) as part
where
    e.state = 'done'
    and e.pictures is not null
    and s.starts_at < %(end)s::timestamptz
    and s.ends_at > %(start)s::timestamptz
group by s.camera_id, hour.starts_at
order by s.camera_id, hour.starts_at;
