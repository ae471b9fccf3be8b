-- Retention: days at hand, days aside, and days that are gone.

create table legal_hold (
    first_day date not null,
    last_day date not null,
    reason text not null,
    noted_at timestamptz not null default now(),
    primary key (first_day, last_day),
    check (first_day <= last_day)
);
comment on table legal_hold is 'days (UTC) that retention leaves as they are, whatever their age';

create table retention (
    only_row boolean primary key default true check (only_row),
    moved_before date not null
);
comment on table retention is 'questions about earlier times are refused: their people were moved aside';

create table person_location_aside (like person_location including defaults including constraints) partition by range (taken_at);
create table person_track_aside (like person_track including defaults including constraints) partition by range (starts_at);
create table section_visit_aside (like section_visit including defaults including constraints) partition by range (starts_at);
comment on table person_location_aside is 'positions of days that are no longer at hand; no question reads them';
comment on table person_track_aside is 'paths of days that are no longer at hand; no question reads them';
comment on table section_visit_aside is 'visits of days that are no longer at hand; no question reads them';

create function retention_plan(today date, hot_days integer default 30, kept_days integer default 60)
returns table (action text, family text, day date)
language sql
stable
set search_path = pg_catalog, public, pg_temp
as $$
    with partition as (
        select
            parent.relname as parent,
            to_date(right(child.relname, 10), 'YYYY_MM_DD') as day
        from pg_inherits as i
        inner join pg_class as child on i.inhrelid = child.oid
        inner join pg_class as parent on i.inhparent = parent.oid
        where
            child.relkind = 'r'
            and parent.relnamespace = 'public'::regnamespace
            and child.relname ~ '^(person_location|person_track|section_visit|grid_day)_\d{4}_\d\d_\d\d$'
    ),
    step as (
        select
            case when p.day < today - kept_days then 'drop' else 'move' end as action,
            regexp_replace(p.parent, '_\d{4}_\d\d$', '') as family,
            p.day
        from partition as p
        where
            p.day < today - kept_days
            or (p.day < today - hot_days and p.parent !~ '_aside$' and p.parent !~ '^grid_day')
        union all
        select distinct
            'delete',
            'person',
            p.day
        from person as p
        where p.day < today - kept_days
    )
    select step.action, step.family, step.day
    from step
    where not exists (select from legal_hold as h where step.day between h.first_day and h.last_day)
    order by step.day, step.action, step.family
$$;
comment on function retention_plan is 'what is to be moved aside, dropped or deleted today, but for days on legal hold';

create function retire(action text, family text, of_day date)
returns void
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
declare
    root text := regexp_replace(family, '_aside$', '');
    child text := root || to_char(of_day, '_YYYY_MM_DD');
    parent text := case when family ~ '_aside$' then family else root || to_char(of_day, '_YYYY_MM') end;
begin
    if root not in ('person_location', 'person_track', 'section_visit', 'grid_day', 'person') then
        raise exception 'retention knows no %', family;
    end if;
    if of_day >= current_date - 30 or exists (select from legal_hold as h where of_day between h.first_day and h.last_day) then
        raise exception '% is too young for retention, or on legal hold', of_day;
    end if;
    if action = 'delete' then
        delete from person_attributes as a where a.day = of_day;
        delete from person as p where p.day = of_day;
        delete from person_tracklet as t
        where t.day = of_day and t.hour >= of_day - interval '1 day' and t.hour < of_day + interval '2 days';
        delete from section_hour as r where r.day = of_day;
        delete from section_day as r where r.day = of_day;
        delete from flow_hour as r where r.day = of_day;
        delete from grid_day as r where r.day = of_day;
        delete from visitor_day as r where r.day = of_day;
        delete from visitor_hour as r where r.day = of_day;
        return;
    end if;
    execute format('alter table public.%I detach partition public.%I', parent, child);
    if action = 'move' then
        execute format(
            'alter table public.%I attach partition public.%I for values from (%L) to (%L)',
            root || '_aside', child, of_day, of_day + 1
        );
        insert into retention (moved_before) values (of_day + 1)
        on conflict (only_row) do update
            set moved_before = greatest(retention.moved_before, excluded.moved_before);
    else
        execute format('drop table public.%I', child);
    end if;
end
$$;
comment on function retire is 'one step of the plan; it refuses days that are young or on legal hold, whoever asks';

revoke execute on function retention_plan, retire from public;
grant execute on function retention_plan, retire to mall_ingest;
grant select on retention to mall_ingest, mall_read;
grant select on legal_hold to mall_ingest;
