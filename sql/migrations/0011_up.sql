-- Who has an attribute is looked up once for all days of a window. As `in (..)` within an `or` it was looked up again for each day's
-- table, with everybody of all days each time. As a join it is a hash that all tables share.

create function people_wanted(window_start timestamptz, window_end timestamptz, wanted jsonb, undecided boolean)
returns table (person_id uuid)
language sql
stable strict parallel safe
rows 50000
as $$
    select d.person_id
    from people_described(window_start, window_end, wanted, undecided) as d
$$;
comment on function people_wanted is
'people_described, each person once; strict, so that it is not put into the query, whose planner would then take it for a handful of people';

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
    with inside as not materialized (
        select
            v.person_id,
            v.section_id,
            greatest(v.starts_at, window_start) as starts_at,
            least(v.ends_at, window_end) as ends_at
        from section_visit as v
        where
            v.starts_at >= hour_floor(window_start)
            and v.starts_at < window_end
            and (v.ends_at > window_start or v.starts_at >= window_start)
            and (in_section is null or v.section_id = in_section)
    )
    select inside.*
    from inside
    where wanted = '{}'
    union all
    select inside.*
    from inside
    inner join people_wanted(window_start, window_end, wanted, undecided) as w on inside.person_id = w.person_id
    where wanted <> '{}'
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
    with track as not materialized (
        select
            t.person_id,
            t.floor,
            t.starts_at,
            t.ends_at,
            t.length_m,
            t.path
        from person_track as t
        where
            in_section is null
            and t.starts_at >= hour_floor(window_start)
            and t.starts_at < window_end
            and (t.ends_at > window_start or t.starts_at >= window_start)
            and (on_floor is null or t.floor = on_floor)
    ),
    visit as not materialized (
        select
            v.person_id,
            v.section_id,
            v.starts_at,
            v.ends_at,
            v.length_m
        from section_visit as v
        where
            in_section is not null
            and v.section_id = in_section
            and v.starts_at >= hour_floor(window_start)
            and v.starts_at < window_end
            and (v.ends_at > window_start or v.starts_at >= window_start)
    ),
    chosen_track as (
        select track.*
        from track
        where wanted = '{}'
        union all
        select track.*
        from track
        inner join people_wanted(window_start, window_end, wanted, undecided) as w on track.person_id = w.person_id
        where wanted <> '{}'
    ),
    chosen_visit as (
        select visit.*
        from visit
        where wanted = '{}'
        union all
        select visit.*
        from visit
        inner join people_wanted(window_start, window_end, wanted, undecided) as w on visit.person_id = w.person_id
        where wanted <> '{}'
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
    from chosen_track as c
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
    from chosen_visit as v
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
        t.starts_at >= hour_floor(window_start)
        and t.starts_at < window_end
        and (on_floor is null or t.floor = on_floor)
$$;

create function stays_on_floors(
    window_start timestamptz,
    window_end timestamptz,
    on_floor integer default null,
    wanted jsonb default '{}',
    undecided boolean default false
)
returns table (
    person_id uuid,
    floor smallint,
    starts_at timestamptz
)
language sql
stable parallel safe
as $$
    -- What began within the window is told by the primary key alone, without the paths behind it.
    with stay as not materialized (
        select
            t.person_id,
            t.floor,
            window_start as starts_at
        from person_track as t
        where
            t.starts_at >= hour_floor(window_start)
            and t.starts_at < window_start
            and t.ends_at > window_start
            and (on_floor is null or t.floor = on_floor)
        union all
        select
            t.person_id,
            t.floor,
            t.starts_at
        from person_track as t
        where
            t.starts_at >= window_start
            and t.starts_at < window_end
            and (on_floor is null or t.floor = on_floor)
    )
    select stay.*
    from stay
    where wanted = '{}'
    union all
    select stay.*
    from stay
    inner join people_wanted(window_start, window_end, wanted, undecided) as w on stay.person_id = w.person_id
    where wanted <> '{}'
$$;
comment on function stays_on_floors is 'since when people with all wanted attributes were on floors, cut by the window and at full hours';

create function whole_visits(
    window_start timestamptz,
    window_end timestamptz,
    in_section text,
    wanted jsonb default '{}'
)
returns table (person_id uuid, length_m double precision)
language sql
stable parallel safe
as $$
    with visit as not materialized (
        select
            v.person_id,
            coalesce(v.length_m, path_length_m(v.person_id, v.section_id, v.starts_at, v.ends_at)) as length_m
        from section_visit as v
        where
            v.section_id = in_section
            and v.starts_at >= hour_ceil(window_start)
            and v.starts_at < hour_floor(window_end)
    )
    select visit.*
    from visit
    where wanted = '{}'
    union all
    select visit.*
    from visit
    inner join people_wanted(window_start, window_end, wanted, false) as w on visit.person_id = w.person_id
    where wanted <> '{}'
$$;
comment on function whole_visits is 'distance covered in each visit to a section within the whole hours of the window';

create or replace function section_walks(
    window_start timestamptz,
    window_end timestamptz,
    in_section text,
    wanted jsonb default '{}'
)
returns table (length_m double precision)
language plpgsql
stable parallel safe
as $$
#variable_conflict use_column
begin
    if window_start = hour_ceil(window_start) and window_end = hour_floor(window_end) then
        return query select sum(v.length_m)
        from whole_visits(window_start, window_end, in_section, wanted) as v
        group by v.person_id;
        return;
    end if;
    return query select sum(part.length_m)
    from (
        select
            v.person_id,
            v.length_m
        from whole_visits(window_start, window_end, in_section, wanted) as v
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
    group by part.person_id;
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
language plpgsql
stable parallel safe
as $$
#variable_conflict use_column
declare
    bare date;
begin
    if rollup_label(wanted) is null then
        return query select w.length_m from section_walks(window_start, window_end, in_section, wanted) as w;
        return;
    end if;
    return query select unnest(d.lengths_m)
    from section_day as d
    where
        d.section_id = in_section
        and d.attribute = rollup_label(wanted)
        and d.day >= day_ceil(window_start, zone)
        and d.day < day_floor(window_end, zone);
    for bare in
        select d.day
        from section_day as d
        where
            d.section_id = in_section
            and d.attribute = rollup_label(wanted)
            and d.day >= day_ceil(window_start, zone)
            and d.day < day_floor(window_end, zone)
            and d.lengths_m is null
    loop
        return query select w.length_m
        from section_walks(midnight(bare, zone), midnight(bare + 1, zone), in_section, wanted) as w;
    end loop;
    if window_start < midnight(day_ceil(window_start, zone), zone) then
        return query select w.length_m
        from section_walks(window_start, least(midnight(day_ceil(window_start, zone), zone), window_end), in_section, wanted) as w;
    end if;
    if midnight(day_floor(window_end, zone), zone) < window_end and day_floor(window_end, zone) >= day_ceil(window_start, zone) then
        return query select w.length_m
        from section_walks(greatest(midnight(day_floor(window_end, zone), zone), window_start), window_end, in_section, wanted) as w;
    end if;
end
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
            day_floor(s.starts_at, zone),
            count(distinct s.person_id)
        from stays_on_floors(window_start, window_end, null, wanted) as s
        group by day_floor(s.starts_at, zone);
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
            day_floor(s.starts_at, zone),
            count(distinct s.person_id)
        from stays_on_floors(window_start, least(midnight(day_ceil(window_start, zone), zone), window_end), null, wanted) as s
        group by day_floor(s.starts_at, zone);
    end if;
    if midnight(day_floor(window_end, zone), zone) < window_end and day_floor(window_end, zone) >= day_ceil(window_start, zone) then
        return query select
            day_floor(s.starts_at, zone),
            count(distinct s.person_id)
        from stays_on_floors(greatest(midnight(day_floor(window_end, zone), zone), window_start), window_end, null, wanted) as s
        group by day_floor(s.starts_at, zone);
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
            date_trunc('hour', s.starts_at, 'UTC'),
            count(distinct s.person_id)
        from stays_on_floors(window_start, window_end, null, wanted) as s
        group by date_trunc('hour', s.starts_at, 'UTC');
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
            date_trunc('hour', s.starts_at, 'UTC'),
            count(distinct s.person_id)
        from stays_on_floors(window_start, least(hour_ceil(window_start), window_end), null, wanted) as s
        group by date_trunc('hour', s.starts_at, 'UTC');
    end if;
    if hour_floor(window_end) < window_end and hour_floor(window_end) >= hour_ceil(window_start) then
        return query select
            date_trunc('hour', s.starts_at, 'UTC'),
            count(distinct s.person_id)
        from stays_on_floors(greatest(hour_floor(window_end), window_start), window_end, null, wanted) as s
        group by date_trunc('hour', s.starts_at, 'UTC');
    end if;
end
$$;

create function sampled_squares(
    window_start timestamptz,
    window_end timestamptz,
    on_floor integer default null,
    wanted jsonb default '{}'
)
returns table (grid_id bigint, people bigint, samples bigint)
language sql
stable parallel safe
as $$
    with sample as not materialized (
        select
            l.grid_id,
            l.person_id
        from person_location as l
        where
            l.taken_at >= window_start
            and l.taken_at < window_end
            and (on_floor is null or l.floor = on_floor)
    )
    -- First by person: counting different ones within each square would sort all samples.
    select
        part.grid_id,
        count(*),
        sum(part.samples)::bigint
    from (
        select
            sample.grid_id,
            sample.person_id,
            count(*) as samples
        from sample
        where wanted = '{}'
        group by sample.grid_id, sample.person_id
        union all
        select
            sample.grid_id,
            sample.person_id,
            count(*) as samples
        from sample
        inner join people_wanted(window_start, window_end, wanted, false) as w on sample.person_id = w.person_id
        where wanted <> '{}'
        group by sample.grid_id, sample.person_id
    ) as part
    group by part.grid_id
$$;
comment on function sampled_squares is
'people and their 30 s samples in squares of 2 m, of any window: what grid_day knows of whole days';

create or replace function squares(
    window_start timestamptz,
    window_end timestamptz,
    zone text,
    on_floor integer default null,
    wanted jsonb default '{}'
)
returns table (
    grid_id bigint,
    people bigint,
    samples bigint
)
language plpgsql
stable parallel safe
as $$
#variable_conflict use_column
begin
    if rollup_label(wanted) is null then
        return query select * from sampled_squares(window_start, window_end, on_floor, wanted);
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
        return query select *
        from sampled_squares(
            window_start, least(midnight(day_ceil(window_start, zone), zone), window_end), on_floor, wanted
        );
    end if;
    if midnight(day_floor(window_end, zone), zone) < window_end and day_floor(window_end, zone) >= day_ceil(window_start, zone) then
        return query select *
        from sampled_squares(midnight(day_floor(window_end, zone), zone), window_end, on_floor, wanted);
    end if;
end
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
    -- So that the first to ask finds plans for what is there: the server's own look at new tables may be a minute away.
    execute format('analyze public.%I', made);
end
$$;
