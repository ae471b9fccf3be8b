-- UTC days that are over, and of which something is loaded and at hand.
select distinct (l.hour at time zone 'UTC')::date as day
from load_ledger as l
where
    l.state = 'done'
    and l.hour < date_trunc('day', %(now)s::timestamptz, 'UTC')
    and l.hour >= coalesce((select r.moved_before::timestamp at time zone 'UTC' from retention as r), '-infinity')
order by day;
