drop function stays_on_floors;

create or replace function visits(
    window_start timestamptz,
    window_end timestamptz,
    in_section text default null,
    wanted jsonb default '{}',
    undecided boolean default false
)
returns table (
    person_id uuid,
    section_id text,
    starts_at timestamptz,
    ends_at timestamptz
)
language sql
stable parallel safe
as $$
    select
        v.person_id,
        v.section_id,
        greatest(v.starts_at, window_start),
        least(v.ends_at, window_end)
    from section_visit as v
    where
        v.starts_at >= hour_floor(window_start)
        and v.starts_at < window_end
        and (v.ends_at > window_start or v.starts_at >= window_start)
        and (in_section is null or v.section_id = in_section)
        and (
            wanted = '{}'
            or v.person_id in (select d.person_id from people_described(window_start, window_end, wanted, undecided) as d)
        )
$$;

create or replace function walks(
    window_start timestamptz,
    window_end timestamptz,
    in_section text default null,
    on_floor integer default null,
    wanted jsonb default '{}',
    undecided boolean default false
)
returns table (
    person_id uuid,
    floor smallint,
    starts_at timestamptz,
    ends_at timestamptz,
    length_m double precision,
    path geometry
)
language sql
stable parallel safe
as $$
    -- A piece belongs to the full hour in which it starts, so the hour of the window's start is far enough back.
    with chosen as (
        select
            t.person_id,
            t.floor,
            t.starts_at,
            t.ends_at,
            t.length_m,
            t.path
        from person_track as t
        where
            t.starts_at >= hour_floor(window_start)
            and t.starts_at < window_end
            and (t.ends_at > window_start or t.starts_at >= window_start)
            and (on_floor is null or t.floor = on_floor)
            and (
                wanted = '{}'
                or t.person_id in (select d.person_id from people_described(window_start, window_end, wanted, undecided) as d)
            )
    )
    select
        c.person_id,
        c.floor,
        greatest(c.starts_at, window_start),
        least(c.ends_at, window_end),
        case
            when c.starts_at >= window_start and c.ends_at <= window_end then c.length_m
            else coalesce(
                st_length(cut_in_time(c.path, extract(epoch from window_start)::float8, extract(epoch from window_end)::float8)), 0
            )
        end,
        case
            when c.starts_at >= window_start and c.ends_at <= window_end then c.path
            else cut_in_time(c.path, extract(epoch from window_start)::float8, extract(epoch from window_end)::float8)
        end
    from chosen as c
    where in_section is null
    union all
    -- The visits say when a path is inside; each lies within one path.
    select
        v.person_id,
        t.floor,
        greatest(v.starts_at, window_start),
        least(v.ends_at, window_end),
        case
            when v.starts_at >= window_start and v.ends_at <= window_end and v.length_m is not null then v.length_m
            else coalesce(st_length(part.path), 0)
        end,
        part.path
    from section_visit as v
    inner join section as s
        on
            v.section_id = s.section_id
            and v.starts_at >= s.valid_from
            and v.starts_at < s.valid_to
    inner join person_track as t
        on
            v.person_id = t.person_id
            and s.floor = t.floor
            and t.starts_at >= hour_floor(v.starts_at)
            and t.starts_at <= v.starts_at
            and t.ends_at >= v.ends_at
    cross join lateral (
        select cut_in_time(
            t.path,
            extract(epoch from greatest(v.starts_at, window_start))::float8,
            extract(epoch from least(v.ends_at, window_end))::float8
        ) as path
    ) as part
    where
        in_section is not null
        and v.section_id = in_section
        and v.starts_at >= hour_floor(window_start)
        and v.starts_at < window_end
        and (v.ends_at > window_start or v.starts_at >= window_start)
        and t.starts_at >= hour_floor(window_start)
        and t.starts_at < window_end
        and (on_floor is null or t.floor = on_floor)
        and (
            wanted = '{}'
            or v.person_id in (select d.person_id from people_described(window_start, window_end, wanted, undecided) as d)
        )
$$;

create or replace function section_walks(
    window_start timestamptz,
    window_end timestamptz,
    in_section text,
    wanted jsonb default '{}'
)
returns table (length_m double precision)
language sql
stable parallel safe
as $$
    select sum(part.length_m)
    from (
        select
            v.person_id,
            coalesce(v.length_m, path_length_m(v.person_id, v.section_id, v.starts_at, v.ends_at)) as length_m
        from section_visit as v
        where
            v.section_id = in_section
            and v.starts_at >= hour_ceil(window_start)
            and v.starts_at < hour_floor(window_end)
            and (
                wanted = '{}'
                or v.person_id in (select d.person_id from people_with(window_start, window_end, wanted) as d)
            )
        union all
        select
            w.person_id,
            w.length_m
        from walks(window_start, least(hour_ceil(window_start), window_end), in_section, null, wanted) as w
        where window_start < hour_ceil(window_start)
        union all
        select
            w.person_id,
            w.length_m
        from walks(greatest(hour_floor(window_end), window_start), window_end, in_section, null, wanted) as w
        where
            hour_floor(window_end) < window_end
            and hour_floor(window_end) >= hour_ceil(window_start)
    ) as part
    group by part.person_id
$$;

create or replace function visitor_days(window_start timestamptz, window_end timestamptz, zone text, wanted jsonb default '{}')
returns table (day date, people bigint)
language plpgsql
stable parallel safe
as $$
#variable_conflict use_column
begin
    if rollup_label(wanted) is null then
        return query select
            day_floor(w.starts_at, zone),
            count(distinct w.person_id)
        from walks(window_start, window_end, null, null, wanted) as w
        group by day_floor(w.starts_at, zone);
        return;
    end if;
    return query select
        d.day,
        d.people::bigint
    from visitor_day as d
    where
        d.attribute = rollup_label(wanted)
        and d.day >= day_ceil(window_start, zone)
        and d.day < day_floor(window_end, zone);
    if window_start < midnight(day_ceil(window_start, zone), zone) then
        return query select
            day_floor(w.starts_at, zone),
            count(distinct w.person_id)
        from walks(window_start, least(midnight(day_ceil(window_start, zone), zone), window_end), null, null, wanted) as w
        group by day_floor(w.starts_at, zone);
    end if;
    if midnight(day_floor(window_end, zone), zone) < window_end and day_floor(window_end, zone) >= day_ceil(window_start, zone) then
        return query select
            day_floor(w.starts_at, zone),
            count(distinct w.person_id)
        from walks(greatest(midnight(day_floor(window_end, zone), zone), window_start), window_end, null, null, wanted) as w
        group by day_floor(w.starts_at, zone);
    end if;
end
$$;

create or replace function visitor_hours(window_start timestamptz, window_end timestamptz, wanted jsonb default '{}')
returns table (hour timestamptz, people bigint)
language plpgsql
stable parallel safe
as $$
#variable_conflict use_column
begin
    if rollup_label(wanted) is null then
        return query select
            date_trunc('hour', w.starts_at, 'UTC'),
            count(distinct w.person_id)
        from walks(window_start, window_end, null, null, wanted) as w
        group by date_trunc('hour', w.starts_at, 'UTC');
        return;
    end if;
    return query select
        h.hour,
        sum(h.people)::bigint
    from visitor_hour as h
    where
        h.attribute = rollup_label(wanted)
        and h.hour >= hour_ceil(window_start)
        and h.hour < hour_floor(window_end)
        and h.day between day_floor(window_start, 'UTC') - 1 and day_floor(window_end, 'UTC') + 1
    group by h.hour;
    if window_start < hour_ceil(window_start) then
        return query select
            date_trunc('hour', w.starts_at, 'UTC'),
            count(distinct w.person_id)
        from walks(window_start, least(hour_ceil(window_start), window_end), null, null, wanted) as w
        group by date_trunc('hour', w.starts_at, 'UTC');
    end if;
    if hour_floor(window_end) < window_end and hour_floor(window_end) >= hour_ceil(window_start) then
        return query select
            date_trunc('hour', w.starts_at, 'UTC'),
            count(distinct w.person_id)
        from walks(greatest(hour_floor(window_end), window_start), window_end, null, null, wanted) as w
        group by date_trunc('hour', w.starts_at, 'UTC');
    end if;
end
$$;

create or replace function squares(
    window_start timestamptz,
    window_end timestamptz,
    zone text,
    on_floor integer default null,
    wanted jsonb default '{}'
)
returns table (grid_id bigint, people bigint, samples bigint)
language plpgsql
stable parallel safe
as $$
#variable_conflict use_column
begin
    if rollup_label(wanted) is null then
        return query select
            l.grid_id,
            count(distinct l.person_id),
            count(*)
        from person_location as l
        where
            l.taken_at >= window_start
            and l.taken_at < window_end
            and (on_floor is null or l.floor = on_floor)
            and l.person_id in (select d.person_id from people_described(window_start, window_end, wanted, false) as d)
        group by l.grid_id;
        return;
    end if;
    return query select
        g.grid_id,
        sum(g.people)::bigint,
        sum(g.samples)::bigint
    from grid_day as g
    where
        g.attribute = rollup_label(wanted)
        and g.day >= day_ceil(window_start, zone)
        and g.day < day_floor(window_end, zone)
        and (on_floor is null or (g.grid_id >> 24) - 128 = on_floor)
    group by g.grid_id;
    if window_start < midnight(day_ceil(window_start, zone), zone) then
        return query select
            l.grid_id,
            count(distinct l.person_id),
            count(*)
        from person_location as l
        where
            l.taken_at >= window_start
            and l.taken_at < least(midnight(day_ceil(window_start, zone), zone), window_end)
            and (on_floor is null or l.floor = on_floor)
            and (
                wanted = '{}'
                or l.person_id in (select d.person_id from people_described(window_start, window_start + interval '1 day', wanted, false) as d)
            )
        group by l.grid_id;
    end if;
    if midnight(day_floor(window_end, zone), zone) < window_end and day_floor(window_end, zone) >= day_ceil(window_start, zone) then
        return query select
            l.grid_id,
            count(distinct l.person_id),
            count(*)
        from person_location as l
        where
            l.taken_at >= midnight(day_floor(window_end, zone), zone)
            and l.taken_at < window_end
            and (on_floor is null or l.floor = on_floor)
            and (
                wanted = '{}'
                or l.person_id in (select d.person_id from people_described(window_end - interval '1 day', window_end, wanted, false) as d)
            )
        group by l.grid_id;
    end if;
end
$$;

create or replace function section_lengths(
    window_start timestamptz,
    window_end timestamptz,
    zone text,
    in_section text,
    wanted jsonb default '{}'
)
returns table (length_m double precision)
language sql
stable parallel safe
as $$
    select unnest(d.lengths_m)
    from section_day as d
    where
        d.section_id = in_section
        and d.attribute = rollup_label(wanted)
        and d.day >= day_ceil(window_start, zone)
        and d.day < day_floor(window_end, zone)
    union all
    select w.length_m
    from section_day as d
    cross join lateral section_walks(midnight(d.day, zone), midnight(d.day + 1, zone), in_section, wanted) as w
    where
        d.section_id = in_section
        and d.attribute = rollup_label(wanted)
        and d.day >= day_ceil(window_start, zone)
        and d.day < day_floor(window_end, zone)
        and d.lengths_m is null
    union all
    select w.length_m
    from section_walks(window_start, least(midnight(day_ceil(window_start, zone), zone), window_end), in_section, wanted) as w
    where
        rollup_label(wanted) is not null
        and window_start < midnight(day_ceil(window_start, zone), zone)
    union all
    select w.length_m
    from section_walks(greatest(midnight(day_floor(window_end, zone), zone), window_start), window_end, in_section, wanted) as w
    where
        rollup_label(wanted) is not null
        and midnight(day_floor(window_end, zone), zone) < window_end
        and day_floor(window_end, zone) >= day_ceil(window_start, zone)
    union all
    select w.length_m
    from section_walks(window_start, window_end, in_section, wanted) as w
    where rollup_label(wanted) is null
$$;

create or replace function index_aside(family text, of_day date, mark text)
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

drop function sampled_squares, whole_visits, people_wanted;
