-- Days of the mall with people whom this UTC day does not hold as a whole.
select distinct day
from person
where
    day = any(%(days)s::date[])
    and (first_seen < %(start)s::timestamptz or last_seen > %(end)s::timestamptz);
