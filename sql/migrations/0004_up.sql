-- Rollups: who was in which section when, and sums over all people and over those with one attribute value.

alter table person
add distance_m double precision not null default 0 check (distance_m >= 0);
comment on column person.distance_m is 'length of all paths of the day: the rollup of one person and day';

create table section_visit (
    person_id uuid not null,
    section_id text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    primary key (person_id, starts_at, section_id),
    check (starts_at <= ends_at)
) partition by range (starts_at);
create index section_visit_section on section_visit (section_id, starts_at);
comment on table section_visit is
'when a person was in a section, by the path and the border that held; cut at full UTC hours; an hour''s rows lie section by section';

create table section_hour (
    day date not null,
    hour timestamptz not null,
    section_id text not null,
    attribute text not null,
    people integer not null,
    present_ms bigint not null,
    primary key (section_id, attribute, hour, day)
) partition by range (day);
comment on table section_hour is 'people in a section within a full UTC hour, and how long together';
comment on column section_hour.attribute is 'empty: everybody; "shirt:blue": those';

create table section_day (
    day date not null,
    section_id text not null,
    attribute text not null,
    people integer not null,
    visits integer not null,
    present_ms bigint not null,
    primary key (section_id, attribute, day)
) partition by range (day);
comment on table section_day is 'people in a section on one of the mall''s own days, how often they went in, and how long they were there together';

create table flow_hour (
    day date not null,
    hour timestamptz not null,
    from_section text not null,
    to_section text not null,
    attribute text not null,
    people integer not null,
    moves integer not null,
    primary key (attribute, hour, from_section, to_section, day)
) partition by range (day);
comment on table flow_hour is 'from the section visited before to another one, by the UTC hour of entering it';

create table grid_day (
    day date not null,
    grid_id bigint not null,
    attribute text not null,
    people integer not null,
    samples integer not null,
    primary key (attribute, day, grid_id)
) partition by range (day);
comment on table grid_day is 'people in a 2 m square on one of the mall''s own days, and their 30 s samples in it';

create table visitor_day (
    day date not null,
    attribute text not null,
    people integer not null,
    primary key (day, attribute)
) partition by range (day);
comment on table visitor_day is 'different people on one of the mall''s own days';

create table visitor_hour (
    day date not null,
    hour timestamptz not null,
    attribute text not null,
    people integer not null,
    primary key (attribute, hour, day)
) partition by range (day);
comment on table visitor_hour is 'different people within a full UTC hour';
