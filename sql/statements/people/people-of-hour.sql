-- Whoever was put into this hour has a path in it.
select distinct
    t.person_id,
    p.day
from person_track as t
inner join person as p on t.person_id = p.person_id
where
    t.starts_at >= %(hour)s::timestamptz
    and t.starts_at < %(end)s::timestamptz
    and p.day between
    (%(hour)s::timestamptz at time zone 'UTC')::date - 1
    and (%(hour)s::timestamptz at time zone 'UTC')::date + 1;
