-- The lists of days loaded before. All else is worked out from the paths and visits where it is asked for.
select ensure_partitions(span.low, span.high)
from (select min(day)::timestamptz as low, max(day)::timestamptz as high from person) as span
where span.low is not null;

insert into described_day (day, attribute, person_ids)
select
    known.day,
    l.attribute,
    l.person_ids
from (select distinct day from person) as known
cross join lateral described_lists(known.day) as l;
