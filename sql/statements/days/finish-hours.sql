update load_ledger as l
set
    state = 'done',
    people = h.people,
    association = %(association)s::text,
    attributes = %(attributes)s::text,
    finished_at = clock_timestamp()
from unnest(%(hours)s::timestamptz[], %(people)s::integer[]) as h (hour, people)
where
    l.site = %(site)s::text
    and l.hour = h.hour;
