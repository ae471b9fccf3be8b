select
    regexp_replace(c.relname, '_\d{4}_\d\d(_\d\d)?$', '') as family,
    sum(pg_total_relation_size(c.oid)) / 1e6 as mb
from pg_class as c
where
    c.relnamespace = 'public'::regnamespace
    and c.relkind = 'r'
    and c.relispartition
group by regexp_replace(c.relname, '_\d{4}_\d\d(_\d\d)?$', '')
order by mb desc;
