select
    person_id::text,
    taken_at,
    floor,
    st_x(location),
    st_y(location),
    grid_id
from person_location
where
    taken_at >= %(start)s::timestamptz
    and taken_at < %(end)s::timestamptz
order by taken_at, person_id;
