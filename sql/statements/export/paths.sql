select
    person_id::text,
    floor,
    starts_at,
    ends_at,
    length_m,
    st_asbinary(path, 'NDR'),
    case when unseen is not null then array(select array[lower(u.part), upper(u.part)] from unnest(unseen) as u (part)) end
from person_track
where
    starts_at >= %(start)s::timestamptz
    and starts_at < %(end)s::timestamptz
order by starts_at, person_id, floor;
