-- Whoever has a path in the window, with what is told of them now.
select
    p.person_id::text,
    p.day,
    p.first_seen,
    p.last_seen,
    p.distance_m,
    a.version,
    a.attributes
from person as p
left join person_attributes as a
    on
        p.day = a.day
        and p.person_id = a.person_id
        and a.active
where
    p.day between
    (%(start)s::timestamptz at time zone 'UTC')::date - 1
    and (%(end)s::timestamptz at time zone 'UTC')::date + 1
    and p.first_seen < %(end)s::timestamptz
    and p.last_seen >= %(start)s::timestamptz
    and exists (
        select
        from person_track as t
        where
            t.person_id = p.person_id
            and t.starts_at >= %(start)s::timestamptz
            and t.starts_at < %(end)s::timestamptz
    )
order by p.first_seen, p.person_id;
