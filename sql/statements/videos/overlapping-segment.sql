select
    starts_at,
    ends_at,
    sha256
from segment
where
    camera_id = %(camera_id)s::text
    and tstzrange(starts_at, ends_at) && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)
order by starts_at
limit 1;
