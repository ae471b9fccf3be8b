-- Back to the eighth schema.
drop function routes, section_lengths, section_walks, path_length_m;

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
    with chosen as not materialized (
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
    select
        c.person_id,
        c.floor,
        to_timestamp(visit.from_s),
        to_timestamp(visit.to_s),
        st_length(part.path),
        part.path
    from section as s
    inner join chosen as c
        on
            c.floor = s.floor
            and c.starts_at < s.valid_to
            and c.ends_at >= s.valid_from
            and c.path && s.polygon
    cross join lateral (
        select cut_in_time(
            c.path,
            extract(epoch from greatest(c.starts_at, window_start, s.valid_from))::float8,
            extract(epoch from least(c.ends_at, window_end, s.valid_to))::float8
        ) as path
    ) as timely
    cross join lateral times_inside(timely.path, s.polygon) as visit
    cross join lateral (select cut_in_time(timely.path, visit.from_s, visit.to_s) as path) as part
    where
        in_section is not null
        and s.section_id = in_section
        and s.valid_from < window_end
        and s.valid_to > window_start
$$;

create or replace function people_described(window_start timestamptz, window_end timestamptz, wanted jsonb, undecided boolean)
returns table (person_id uuid)
language sql
stable parallel safe
as $$
    select a.person_id
    from person_attributes as a
    where
        a.active
        and a.day between (window_start at time zone 'UTC')::date - 1 and (window_end at time zone 'UTC')::date + 1
        and not undecided
        and a.attributes @> wanted
    union all
    select a.person_id
    from person_attributes as a
    where
        a.active
        and a.day between (window_start at time zone 'UTC')::date - 1 and (window_end at time zone 'UTC')::date + 1
        and undecided
        and not a.attributes @> wanted
        and not exists (
            select
            from jsonb_each(wanted) as wish
            where
                jsonb_typeof(wish.value) = 'array'
                or coalesce(a.attributes ->> wish.key, 'unknown') not in ('unknown', wish.value #>> '{}')
        )
$$;
comment on function people_described is
'people of the days around the window who have all wanted attributes, or, if undecided, those who may have them: nothing speaks against it';

create or replace function stays_in_sections(
    window_start timestamptz,
    window_end timestamptz,
    in_section text default null,
    wanted jsonb default '{}'
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
    with piece as (
        select
            v.person_id,
            v.section_id,
            v.starts_at,
            v.ends_at,
            v.starts_at - lag(v.ends_at) over (partition by v.person_id, v.section_id order by v.starts_at) as pause
        from visits(window_start, window_end, in_section, wanted) as v
    ),
    numbered as (
        select
            piece.person_id,
            piece.section_id,
            piece.starts_at,
            piece.ends_at,
            count(*) filter (where piece.pause is null or piece.pause > interval '1 millisecond')
                over (partition by piece.person_id, piece.section_id order by piece.starts_at) as stay
        from piece
    )
    select
        n.person_id,
        n.section_id,
        min(n.starts_at),
        max(n.ends_at)
    from numbered as n
    group by n.person_id, n.section_id, n.stay
$$;

create or replace function section_hours(
    window_start timestamptz,
    window_end timestamptz,
    in_section text default null,
    wanted jsonb default '{}'
)
returns table (section_id text, hour timestamptz, people bigint, present_s double precision)
language sql
stable parallel safe
as $$
    select
        h.section_id,
        h.hour,
        sum(h.people)::bigint,
        sum(h.present_ms)::float8 / 1000
    from section_hour as h
    where
        h.attribute = rollup_label(wanted)
        and h.hour >= hour_ceil(window_start)
        and h.hour < hour_floor(window_end)
        and h.day between day_floor(window_start, 'UTC') - 1 and day_floor(window_end, 'UTC') + 1
        and (in_section is null or h.section_id = in_section)
    group by h.section_id, h.hour
    union all
    select
        v.section_id,
        date_trunc('hour', v.starts_at, 'UTC'),
        count(distinct v.person_id),
        sum(extract(epoch from v.ends_at - v.starts_at)::float8)
    from visits(window_start, least(hour_ceil(window_start), window_end), in_section, wanted) as v
    where
        rollup_label(wanted) is not null
        and window_start < hour_ceil(window_start)
    group by v.section_id, date_trunc('hour', v.starts_at, 'UTC')
    union all
    select
        v.section_id,
        date_trunc('hour', v.starts_at, 'UTC'),
        count(distinct v.person_id),
        sum(extract(epoch from v.ends_at - v.starts_at)::float8)
    from visits(greatest(hour_floor(window_end), window_start), window_end, in_section, wanted) as v
    where
        rollup_label(wanted) is not null
        and hour_floor(window_end) < window_end
        and hour_floor(window_end) >= hour_ceil(window_start)
    group by v.section_id, date_trunc('hour', v.starts_at, 'UTC')
    union all
    select
        v.section_id,
        date_trunc('hour', v.starts_at, 'UTC'),
        count(distinct v.person_id),
        sum(extract(epoch from v.ends_at - v.starts_at)::float8)
    from visits(window_start, window_end, in_section, wanted) as v
    where rollup_label(wanted) is null
    group by v.section_id, date_trunc('hour', v.starts_at, 'UTC')
$$;

create or replace function section_days(
    window_start timestamptz,
    window_end timestamptz,
    zone text,
    in_section text default null,
    wanted jsonb default '{}'
)
returns table (section_id text, people bigint, visits bigint, present_s double precision)
language sql
stable parallel safe
as $$
    select
        d.section_id,
        sum(d.people)::bigint,
        sum(d.visits)::bigint,
        sum(d.present_ms)::float8 / 1000
    from section_day as d
    where
        d.attribute = rollup_label(wanted)
        and d.day >= day_ceil(window_start, zone)
        and d.day < day_floor(window_end, zone)
        and (in_section is null or d.section_id = in_section)
    group by d.section_id
    union all
    select
        s.section_id,
        count(distinct s.person_id),
        count(*),
        sum(extract(epoch from s.ends_at - s.starts_at)::float8)
    from stays_in_sections(window_start, least(midnight(day_ceil(window_start, zone), zone), window_end), in_section, wanted) as s
    where
        rollup_label(wanted) is not null
        and window_start < midnight(day_ceil(window_start, zone), zone)
    group by s.section_id
    union all
    select
        s.section_id,
        count(distinct s.person_id),
        count(*),
        sum(extract(epoch from s.ends_at - s.starts_at)::float8)
    from stays_in_sections(greatest(midnight(day_floor(window_end, zone), zone), window_start), window_end, in_section, wanted) as s
    where
        rollup_label(wanted) is not null
        and midnight(day_floor(window_end, zone), zone) < window_end
        and day_floor(window_end, zone) >= day_ceil(window_start, zone)
    group by s.section_id
    union all
    select
        s.section_id,
        count(distinct s.person_id),
        count(*),
        sum(extract(epoch from s.ends_at - s.starts_at)::float8)
    from stays_in_sections(window_start, window_end, in_section, wanted) as s
    where rollup_label(wanted) is null
    group by s.section_id
$$;

create or replace function visitor_hours(window_start timestamptz, window_end timestamptz, wanted jsonb default '{}')
returns table (hour timestamptz, people bigint)
language sql
stable parallel safe
as $$
    select
        h.hour,
        sum(h.people)::bigint
    from visitor_hour as h
    where
        h.attribute = rollup_label(wanted)
        and h.hour >= hour_ceil(window_start)
        and h.hour < hour_floor(window_end)
        and h.day between day_floor(window_start, 'UTC') - 1 and day_floor(window_end, 'UTC') + 1
    group by h.hour
    union all
    select
        date_trunc('hour', w.starts_at, 'UTC'),
        count(distinct w.person_id)
    from walks(window_start, least(hour_ceil(window_start), window_end), null, null, wanted) as w
    where
        rollup_label(wanted) is not null
        and window_start < hour_ceil(window_start)
    group by date_trunc('hour', w.starts_at, 'UTC')
    union all
    select
        date_trunc('hour', w.starts_at, 'UTC'),
        count(distinct w.person_id)
    from walks(greatest(hour_floor(window_end), window_start), window_end, null, null, wanted) as w
    where
        rollup_label(wanted) is not null
        and hour_floor(window_end) < window_end
        and hour_floor(window_end) >= hour_ceil(window_start)
    group by date_trunc('hour', w.starts_at, 'UTC')
    union all
    select
        date_trunc('hour', w.starts_at, 'UTC'),
        count(distinct w.person_id)
    from walks(window_start, window_end, null, null, wanted) as w
    where rollup_label(wanted) is null
    group by date_trunc('hour', w.starts_at, 'UTC')
$$;

create or replace function visitor_days(window_start timestamptz, window_end timestamptz, zone text, wanted jsonb default '{}')
returns table (day date, people bigint)
language sql
stable parallel safe
as $$
    select
        d.day,
        d.people::bigint
    from visitor_day as d
    where
        d.attribute = rollup_label(wanted)
        and d.day >= day_ceil(window_start, zone)
        and d.day < day_floor(window_end, zone)
    union all
    select
        day_floor(w.starts_at, zone),
        count(distinct w.person_id)
    from walks(window_start, least(midnight(day_ceil(window_start, zone), zone), window_end), null, null, wanted) as w
    where
        rollup_label(wanted) is not null
        and window_start < midnight(day_ceil(window_start, zone), zone)
    group by day_floor(w.starts_at, zone)
    union all
    select
        day_floor(w.starts_at, zone),
        count(distinct w.person_id)
    from walks(greatest(midnight(day_floor(window_end, zone), zone), window_start), window_end, null, null, wanted) as w
    where
        rollup_label(wanted) is not null
        and midnight(day_floor(window_end, zone), zone) < window_end
        and day_floor(window_end, zone) >= day_ceil(window_start, zone)
    group by day_floor(w.starts_at, zone)
    union all
    select
        day_floor(w.starts_at, zone),
        count(distinct w.person_id)
    from walks(window_start, window_end, null, null, wanted) as w
    where rollup_label(wanted) is null
    group by day_floor(w.starts_at, zone)
$$;

create or replace function squares(
    window_start timestamptz,
    window_end timestamptz,
    zone text,
    on_floor integer default null,
    wanted jsonb default '{}'
)
returns table (grid_id bigint, people bigint, samples bigint)
language sql
stable parallel safe
as $$
    select
        g.grid_id,
        sum(g.people)::bigint,
        sum(g.samples)::bigint
    from grid_day as g
    where
        g.attribute = rollup_label(wanted)
        and g.day >= day_ceil(window_start, zone)
        and g.day < day_floor(window_end, zone)
        and (on_floor is null or (g.grid_id >> 24) - 128 = on_floor)
    group by g.grid_id
    union all
    select
        l.grid_id,
        count(distinct l.person_id),
        count(*)
    from person_location as l
    where
        rollup_label(wanted) is not null
        and l.taken_at >= window_start
        and l.taken_at < least(midnight(day_ceil(window_start, zone), zone), window_end)
        and (on_floor is null or l.floor = on_floor)
        and (
            wanted = '{}'
            or l.person_id in (select d.person_id from people_described(window_start, window_start + interval '1 day', wanted, false) as d)
        )
    group by l.grid_id
    union all
    select
        l.grid_id,
        count(distinct l.person_id),
        count(*)
    from person_location as l
    where
        rollup_label(wanted) is not null
        and day_floor(window_end, zone) >= day_ceil(window_start, zone)
        and l.taken_at >= midnight(day_floor(window_end, zone), zone)
        and l.taken_at < window_end
        and (on_floor is null or l.floor = on_floor)
        and (
            wanted = '{}'
            or l.person_id in (select d.person_id from people_described(window_end - interval '1 day', window_end, wanted, false) as d)
        )
    group by l.grid_id
    union all
    select
        l.grid_id,
        count(distinct l.person_id),
        count(*)
    from person_location as l
    where
        rollup_label(wanted) is null
        and l.taken_at >= window_start
        and l.taken_at < window_end
        and (on_floor is null or l.floor = on_floor)
        and l.person_id in (select d.person_id from people_described(window_start, window_end, wanted, false) as d)
    group by l.grid_id
$$;

create or replace function refresh_rollups(of_day date)
returns void
language plpgsql
set work_mem = '256MB'
as $$
declare
    zone text := (select s.time_zone from site as s);
    -- Nobody's day is longer than the mall's own; the hour on each side costs little and forgives clocks.
    low timestamptz := of_day::timestamp at time zone zone - interval '1 hour';
    high timestamptz := (of_day + 1)::timestamp at time zone zone + interval '1 hour';
begin
    -- Executed as text, so that plans know the times, and a table made aside under the same name is found.
    execute format('delete from section_hour where day = %L', of_day);
    execute format('delete from section_day where day = %L', of_day);
    execute format('delete from flow_hour where day = %L', of_day);
    execute format('delete from grid_day where day = %L', of_day);
    execute format('delete from visitor_day where day = %L', of_day);
    execute format('delete from visitor_hour where day = %L', of_day);

    execute format($text$
        insert into visitor_day (day, attribute, people)
        select %1$L::date, l.attribute, count(*)
        from person_labels(%1$L) as l
        group by l.attribute
    $text$, of_day);

    execute format($text$
        insert into visitor_hour (day, hour, attribute, people)
        with present as (
            select distinct t.person_id, date_trunc('hour', t.starts_at, 'UTC') as hour
            from person_track as t
            where t.starts_at >= %2$L and t.starts_at < %3$L
        )
        select %1$L::date, p.hour, l.attribute, count(*)
        from present as p
        inner join person_labels(%1$L) as l on p.person_id = l.person_id
        group by p.hour, l.attribute
    $text$, of_day, low, high);

    execute format($text$
        insert into section_hour (day, hour, section_id, attribute, people, present_ms)
        with present as (
            select
                v.person_id,
                v.section_id,
                date_trunc('hour', v.starts_at, 'UTC') as hour,
                sum((extract(epoch from v.ends_at - v.starts_at)::float8 * 1000)::bigint) as present_ms
            from section_visit as v
            where v.starts_at >= %2$L and v.starts_at < %3$L
            group by v.person_id, v.section_id, date_trunc('hour', v.starts_at, 'UTC')
        )
        select %1$L::date, p.hour, p.section_id, l.attribute, count(*), sum(p.present_ms)
        from present as p
        inner join person_labels(%1$L) as l on p.person_id = l.person_id
        group by p.hour, p.section_id, l.attribute
    $text$, of_day, low, high);

    execute format($text$
        insert into section_day (day, section_id, attribute, people, visits, present_ms)
        with present as (
            select
                v.person_id,
                v.section_id,
                count(*) as visits,
                sum((extract(epoch from v.ends_at - v.starts_at)::float8 * 1000)::bigint) as present_ms
            from stays_in_sections(%2$L, %3$L) as v
            group by v.person_id, v.section_id
        )
        select %1$L::date, p.section_id, l.attribute, count(*), sum(p.visits), sum(p.present_ms)
        from present as p
        inner join person_labels(%1$L) as l on p.person_id = l.person_id
        group by p.section_id, l.attribute
    $text$, of_day, low, high);

    execute format($text$
        insert into flow_hour (day, hour, from_section, to_section, attribute, people, moves)
        with moved as (
            select m.person_id, m.hour, m.from_section, m.to_section, count(*) as moves
            from moves_between_sections(%2$L, %3$L) as m
            group by m.person_id, m.hour, m.from_section, m.to_section
        )
        select %1$L::date, m.hour, m.from_section, m.to_section, l.attribute, count(*), sum(m.moves)
        from moved as m
        inner join person_labels(%1$L) as l on m.person_id = l.person_id
        group by m.hour, m.from_section, m.to_section, l.attribute
    $text$, of_day, low, high);

    execute format($text$
        insert into grid_day (day, grid_id, attribute, people, samples)
        with present as (
            select l.person_id, l.grid_id, count(*) as samples
            from person_location as l
            where l.taken_at >= %2$L and l.taken_at < %3$L
            group by l.person_id, l.grid_id
        )
        select %1$L::date, p.grid_id, l.attribute, count(*), sum(p.samples)
        from present as p
        inner join person_labels(%1$L) as l on p.person_id = l.person_id
        group by p.grid_id, l.attribute
    $text$, of_day, low, high);
end
$$;

create or replace function rebuild_rollups(only_section text default null, since timestamptz default '-infinity')
returns void
language plpgsql
as $$
declare
    low timestamptz := (select min(t.starts_at) from person_track as t);
    high timestamptz := (select max(t.starts_at) + interval '1 hour' from person_track as t);
    named text;
    of_day date;
begin
    if low is null or high <= since then
        return;
    end if;
    delete from section_visit where section_id = only_section;
    for named in select distinct s.section_id from section as s where only_section is null or s.section_id = only_section loop
        delete from section_visit where section_id = named;
        insert into section_visit (person_id, section_id, starts_at, ends_at)
        select w.person_id, named, w.starts_at, w.ends_at
        from walks(low, high, named) as w;
    end loop;
    for of_day in select distinct p.day from person as p loop
        perform refresh_rollups(of_day);
    end loop;
end
$$;

drop function walks_by_path, described_lists, person_routes, people_with;
drop table described_day, route_day;
drop index section_visit_time;
alter table section_hour drop present;
alter table section_day drop lengths_m;
alter table section_visit_aside drop length_m;
alter table section_visit drop length_m;

do $do$
declare
    partitions text := pg_get_functiondef('missing_partitions(timestamptz, timestamptz)'::regprocedure);
    retiring text := pg_get_functiondef('retire(text, text, date)'::regprocedure);
begin
    execute replace(partitions, ' (''described_day'', null, 1), (''route_day'', null, 1),', '');
    execute replace(retiring, ' delete from described_day as r where r.day = of_day; delete from route_day as r where r.day = of_day;', '');
end
$do$;
