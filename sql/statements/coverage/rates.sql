-- Pictures a second that were looked at, by camera; of a recording that the window cuts, its share.
select
    s.camera_id,
    sum(e.pictures * part.seconds / extract(epoch from s.ends_at - s.starts_at)::float8) / sum(part.seconds) as pictures_per_s
from extraction_ledger as e
inner join segment as s on e.segment_id = s.segment_id
cross join lateral (
    select extract(
        epoch from least(s.ends_at, %(end)s::timestamptz) - greatest(s.starts_at, %(start)s::timestamptz)
    )::float8 as seconds
) as part
where
    e.state = 'done'
    and e.pictures is not null
    and s.starts_at < %(end)s::timestamptz
    and s.ends_at > %(start)s::timestamptz
group by s.camera_id;
