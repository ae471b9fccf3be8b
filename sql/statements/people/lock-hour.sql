select epoch
from load_ledger
where
    site = %(site)s::text
    and hour = %(hour)s::timestamptz
    and epoch = %(epoch)s::integer
for update;
