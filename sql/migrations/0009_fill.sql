-- The lists of days loaded before. Lengths are worked out from the paths where they are asked for.
select ensure_partitions(span.low, span.high)
from (select min(day)::timestamptz as low, max(day)::timestamptz as high from person) as span
where span.low is not null;

insert into described_day (day, attribute, person_ids)
select
    known.day,
    l.attribute,
    array_agg(l.person_id order by l.person_id)
from (select distinct day from person) as known
cross join lateral person_labels(known.day) as l
group by known.day, l.attribute;
