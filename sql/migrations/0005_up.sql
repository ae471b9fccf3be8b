-- A whole day is built aside and swapped in.

create function aside_name(family text, of_day date, mark text)
returns text
language sql
immutable
as $$
    select format('%s_%s_aside_%s', family, to_char(of_day, 'YYYY_MM_DD'), mark)
$$;

create function make_aside(family text, of_day date, mark text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
declare
    made text := aside_name(family, of_day, mark);
    column_name text := case family when 'person_location' then 'taken_at' else 'starts_at' end;
    left_behind text;
begin
    if family not in ('person_location', 'person_track', 'section_visit') or mark !~ '^[0-9a-z_]{1,20}$' then
        raise exception 'only days of locations, tracks and visits are made aside; got % %', family, mark;
    end if;
    -- What a load that was killed has left behind goes, unless somebody works on it.
    for left_behind in
        select c.relname
        from pg_class as c
        where
            c.relnamespace = 'public'::regnamespace
            and c.relkind = 'r'
            and not c.relispartition
            and c.relname like aside_name(family, of_day, '%')
    loop
        begin
            execute format('lock table public.%I in access exclusive mode nowait', left_behind);
            execute format('drop table public.%I', left_behind);
        exception
            when lock_not_available or undefined_table then null;
        end;
    end loop;
    execute format('create table public.%I (like public.%I including defaults including constraints)', made, family);
    execute format(
        'alter table public.%I add constraint of_that_day check (%I >= %L and %I < %L)',
        made, column_name, of_day, column_name, of_day + 1
    );
    execute format('grant select, insert on public.%I to mall_ingest', made);
end
$$;
comment on function make_aside is 'an empty table for a UTC day of a family, without indexes, that is no partition yet; `mark` tells loads apart';

create function index_aside(family text, of_day date, mark text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
set maintenance_work_mem = '256MB'
as $$
declare
    made text := aside_name(family, of_day, mark);
    key_of record;
    definition text;
begin
    select c.oid, pg_get_constraintdef(c.oid) as definition into key_of
    from pg_constraint as c
    where
        c.conrelid = format('public.%I', family)::regclass
        and c.contype = 'p';
    execute format('alter table public.%I add %s', made, key_of.definition);
    for definition in
        select pg_get_indexdef(i.indexrelid)
        from pg_index as i
        where
            i.indrelid = format('public.%I', family)::regclass
            and not i.indisprimary
    loop
        execute regexp_replace(definition, '^CREATE INDEX \S+ ON ONLY \S+ ', format('CREATE INDEX ON public.%I ', made));
    end loop;
end
$$;
comment on function index_aside is 'gives a table made aside the key and the indexes of its family';

create function swap_in(family text, of_day date, mark text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
declare
    made text := aside_name(family, of_day, mark);
    parent text := family || to_char(of_day, '_YYYY_MM');
    child text := family || to_char(of_day, '_YYYY_MM_DD');
begin
    if to_regclass('public.' || made) is null or to_regclass('public.' || parent) is null then
        raise exception 'there is no table % to swap in', made;
    end if;
    if to_regclass('public.' || child) is not null then
        execute format('alter table public.%I detach partition public.%I', parent, child);
        execute format('drop table public.%I', child);
    end if;
    execute format('alter table public.%I rename to %I', made, child);
    execute format('alter table public.%I attach partition public.%I for values from (%L) to (%L)', parent, child, of_day, of_day + 1);
    execute format('alter table public.%I drop constraint of_that_day', child);
end
$$;
comment on function swap_in is 'puts a table made aside in the place of the day''s partition; readers of that month wait for the end of the transaction';

create function show_aside(of_day date, mark text)
returns void
language plpgsql
set timezone = 'UTC'
as $$
declare
    family record;
begin
    for family in
        select * from (
            values ('person_location', 'taken_at'), ('person_track', 'starts_at'), ('section_visit', 'starts_at')
        ) as known (name, moment)
    loop
        execute format(
            'create temp view %1$I as'
            ' select * from public.%1$I where %2$I < %3$L union all'
            ' select * from public.%4$I union all'
            ' select * from public.%1$I where %2$I >= %5$L',
            family.name, family.moment, of_day, aside_name(family.name, of_day, mark), of_day + 1
        );
    end loop;
end
$$;
comment on function show_aside is
'lets this session see the tables made aside as if they were swapped in already: temporary views hide the real tables';

create function hide_aside()
returns void
language sql
as $$
    drop view pg_temp.person_location, pg_temp.person_track, pg_temp.section_visit
$$;
comment on function hide_aside is 'undoes show_aside';

revoke execute on function make_aside, index_aside, swap_in from public;
grant execute on function make_aside, index_aside, swap_in, aside_name to mall_ingest;
