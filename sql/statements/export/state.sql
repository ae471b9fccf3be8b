-- A digest of what a day is made of: its loads, the sections that held, and its people, who may change with the days beside.
select md5(concat_ws('/', loads.digest, sections.digest, people.digest)) as state
from (
    select string_agg(concat_ws(' ', l.hour, l.epoch, l.state, l.finished_at), ',' order by l.hour) as digest
    from load_ledger as l
    where
        l.hour >= %(start)s::timestamptz
        and l.hour < %(end)s::timestamptz
) as loads
cross join (
    select
        string_agg(
            concat_ws(
                ' ', s.section_id, greatest(s.valid_from, %(start)s::timestamptz),
                least(s.valid_to, %(end)s::timestamptz), s.floor, s.polygon
            ),
            ',' order by s.section_id, s.valid_from
        ) as digest
    from section as s
    where
        s.valid_from < %(end)s::timestamptz
        and s.valid_to > %(start)s::timestamptz
) as sections
cross join (
    select
        string_agg(
            concat_ws(' ', p.person_id, p.first_seen, p.last_seen, p.distance_m, a.version, a.attributes),
            ',' order by p.person_id
        ) as digest
    from person as p
    left join person_attributes as a
        on
            p.day = a.day
            and p.person_id = a.person_id
            and a.active
    where
        p.day between
        (%(start)s::timestamptz at time zone 'UTC')::date - 1
        and (%(end)s::timestamptz at time zone 'UTC')::date + 1
        and p.first_seen < %(end)s::timestamptz
        and p.last_seen >= %(start)s::timestamptz
) as people
where loads.digest is not null;
