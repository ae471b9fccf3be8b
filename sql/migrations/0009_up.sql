-- Who has which attribute on a day, as lists; how far people went within a section; who was there at each minute; common routes.
-- Nothing that is there is rewritten: rows from before lack the new columns, and what they would say is worked out when asked.

create table described_day (
    day date not null,
    attribute text not null,
    person_ids uuid[] not null,
    primary key (day, attribute)
) partition by range (day);
alter table described_day alter column person_ids set storage external;
comment on table described_day is 'the people of one of the mall''s own days: all of them, those with one attribute value, and those without a known one of a key ("shirt:unknown")';
grant select on described_day to mall_ingest, mall_read;
grant insert, update, delete on described_day to mall_ingest;

create table route_day (
    day date not null,
    attribute text not null,
    routes text[] not null,
    people integer[] not null,
    times integer[] not null,
    primary key (day, attribute)
) partition by range (day);
comment on table route_day is 'sequences of three sections on one of the mall''s own days, in order of their names: how many people went so, and how often';
grant select on route_day to mall_ingest, mall_read;
grant insert, update, delete on route_day to mall_ingest;

alter table section_visit add length_m double precision constraint section_visit_length check (length_m >= 0);
alter table section_visit_aside add length_m double precision constraint section_visit_length check (length_m >= 0);
comment on column section_visit.length_m is 'distance covered inside, to the nanometre; null in rows from before the ninth schema';

create index section_visit_time on section_visit using brin (starts_at) with (pages_per_range = 16);

alter table section_hour add present integer[];
comment on column section_hour.present is 'people in it at each of the 60 full minutes; null in rows from before the ninth schema';

alter table section_day add lengths_m double precision[];
comment on column section_day.lengths_m is
'distance that each of the people covered inside, ascending; null in rows from before the ninth schema';

do $do$
declare
    partitions text := pg_get_functiondef('missing_partitions(timestamptz, timestamptz)'::regprocedure);
    retiring text := pg_get_functiondef('retire(text, text, date)'::regprocedure);
begin
    execute replace(partitions, '(''visitor_day'', null, 1),', '(''visitor_day'', null, 1), (''described_day'', null, 1), (''route_day'', null, 1),');
    execute replace(
        retiring,
        'delete from visitor_day as r where r.day = of_day;',
        'delete from visitor_day as r where r.day = of_day; delete from described_day as r where r.day = of_day;'
        ' delete from route_day as r where r.day = of_day;'
    );
    if pg_get_functiondef('missing_partitions(timestamptz, timestamptz)'::regprocedure) !~ 'route_day'
        or pg_get_functiondef('retire(text, text, date)'::regprocedure) !~ 'route_day' then
        raise exception 'missing_partitions or retire is not as it was made';
    end if;
end
$do$;
