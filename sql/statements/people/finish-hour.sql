update load_ledger
set
    state = 'done',
    people = %(people)s::integer,
    association = %(association)s::text,
    attributes = %(attributes)s::text,
    finished_at = clock_timestamp()
where
    site = %(site)s::text
    and hour = %(hour)s::timestamptz
    and epoch = %(epoch)s::integer;
