-- First and last sight and distance over all hours of the mall's own day, which in UTC reaches into the days beside it.
insert into person (person_id, day, first_seen, last_seen, distance_m)
select
    p.person_id,
    p.day,
    min(t.starts_at),
    max(t.ends_at),
    sum(t.length_m order by t.starts_at, t.floor)
from unnest(%(person_ids)s::uuid[], %(days)s::date[]) as p (person_id, day)
inner join person_track as t on p.person_id = t.person_id
where
    t.starts_at >= (select min(d.day) - 1 from unnest(%(days)s::date[]) as d (day))::timestamp at time zone 'UTC'
    and t.starts_at < (select max(d.day) + 2 from unnest(%(days)s::date[]) as d (day))::timestamp at time zone 'UTC'
group by p.person_id, p.day
on conflict (day, person_id) do update
    set
        first_seen = excluded.first_seen,
        last_seen = excluded.last_seen,
        distance_m = excluded.distance_m;
