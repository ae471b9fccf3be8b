select distinct
    association,
    attributes
from load_ledger
where
    hour < %(end)s::timestamptz
    and hour > %(start)s::timestamptz - interval '1 hour'
    and (association is not null or attributes is not null);
