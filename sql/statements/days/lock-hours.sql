select
    hour,
    epoch
from load_ledger
where
    site = %(site)s::text
    and hour >= %(start)s::timestamptz
    and hour < %(end)s::timestamptz
order by hour
for update;
