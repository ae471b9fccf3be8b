select
    person_id::text,
    section_id,
    starts_at,
    ends_at
from section_visit
where
    starts_at >= %(start)s::timestamptz
    and starts_at < %(end)s::timestamptz
order by starts_at, person_id, section_id;
