-- Who has which attribute on a day, as lists; how far people went within a section. Rows from before have no lengths.

create table described_day (
    day date not null,
    attribute text not null,
    person_ids uuid[] not null,
    primary key (day, attribute)
) partition by range (day);
alter table described_day alter column person_ids set storage external;
comment on table described_day is 'the people of one of the mall''s own days: all of them, and those with one attribute value';
grant select on described_day to mall_ingest, mall_read;
grant insert, update, delete on described_day to mall_ingest;

alter table section_visit add length_m real constraint section_visit_length check (length_m >= 0);
alter table section_visit_aside add length_m real constraint section_visit_length check (length_m >= 0);
comment on column section_visit.length_m is 'distance covered inside; null in rows from before the ninth schema';

alter table section_day add lengths_m double precision[];
comment on column section_day.lengths_m is
'distance that each of the people covered inside, ascending; null in rows from before the ninth schema';

do $do$
declare
    partitions text := pg_get_functiondef('missing_partitions(timestamptz, timestamptz)'::regprocedure);
    retiring text := pg_get_functiondef('retire(text, text, date)'::regprocedure);
begin
    execute replace(partitions, '(''visitor_day'', null, 1),', '(''visitor_day'', null, 1), (''described_day'', null, 1),');
    execute replace(
        retiring,
        'delete from visitor_day as r where r.day = of_day;',
        'delete from visitor_day as r where r.day = of_day; delete from described_day as r where r.day = of_day;'
    );
    if pg_get_functiondef('missing_partitions(timestamptz, timestamptz)'::regprocedure) !~ 'described_day'
        or pg_get_functiondef('retire(text, text, date)'::regprocedure) !~ 'described_day' then
        raise exception 'missing_partitions or retire is not as it was made';
    end if;
end
$do$;
