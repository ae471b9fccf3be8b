select
    p.person_id,
    coalesce(
        array_agg(t.tracklet_id order by t.first_seen, t.tracklet_id) filter (where t.tracklet_id is not null), '{}'
    ) as tracklet_ids,
    p.first_seen,
    p.last_seen
from person as p
left join person_tracklet as t
    on
        p.day = t.day
        and p.person_id = t.person_id
        and t.hour >= (%(day)s::date - 1)::timestamp at time zone 'UTC'
        and t.hour < (%(day)s::date + 2)::timestamp at time zone 'UTC'
where p.day = %(day)s::date
group by p.person_id, p.first_seen, p.last_seen
order by p.first_seen, p.person_id;
