-- Whoever was put into this day has a path in it; people of the mall's own days around it may have.
select
    p.person_id,
    p.day
from person as p
where
    p.day between %(day)s::date - 1 and %(day)s::date + 1
    and p.first_seen < %(end)s::timestamptz
    and p.last_seen >= %(start)s::timestamptz;
