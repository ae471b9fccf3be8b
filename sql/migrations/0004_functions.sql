create or replace function missing_partitions(window_start timestamptz, window_end timestamptz)
returns table (parent text, child text, family text, low date, high date, split_by text)
language sql
stable
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
    -- A mall's own day may begin or end on the day before or after, seen from UTC.
    with family (family, split_by, around) as (
        values
        ('person', null, 1),
        ('person_attributes', null, 1),
        ('person_tracklet', null, 1),
        ('section_hour', null, 1),
        ('section_day', null, 1),
        ('flow_hour', null, 1),
        ('visitor_day', null, 1),
        ('visitor_hour', null, 1),
        ('grid_day', 'day', 1),
        ('person_location', 'taken_at', 0),
        ('person_track', 'starts_at', 0),
        ('section_visit', 'starts_at', 0)
    ),
    month (low) as (
        select generate_series(date_trunc('month', window_start - interval '1 day'), window_end + interval '1 day', '1 month')
    ),
    day (low) as (
        select generate_series(date_trunc('day', window_start) - interval '1 day', window_end + interval '1 day', '1 day')
    ),
    needed as (
        select
            family.family as parent,
            family.family || to_char(month.low, '_YYYY_MM') as child,
            family.family,
            month.low::date as low,
            (month.low + interval '1 month')::date as high,
            family.split_by
        from family
        cross join month
        union all
        select
            family.family || to_char(day.low, '_YYYY_MM'),
            family.family || to_char(day.low, '_YYYY_MM_DD'),
            family.family,
            day.low::date,
            day.low::date + 1,
            null
        from family
        cross join day
        where
            family.split_by is not null
            and day.low >= date_trunc('day', window_start) - family.around * interval '1 day'
            and day.low <= window_end + family.around * interval '1 day'
    )
    select needed.*
    from needed
    where to_regclass('public.' || needed.child) is null
    order by length(needed.child), needed.child
$$;

-- Times as plain functions of their arguments: plans then know which partitions they need.

create function hour_floor(moment timestamptz)
returns timestamptz
language sql
immutable parallel safe
as $$
    select date_trunc('hour', moment, 'UTC')
$$;

create function hour_ceil(moment timestamptz)
returns timestamptz
language sql
immutable parallel safe
as $$
    select date_trunc('hour', moment + interval '1 hour' - interval '1 microsecond', 'UTC')
$$;

create function midnight(day date, zone text)
returns timestamptz
language sql
immutable parallel safe
as $$
    select day::timestamp at time zone zone
$$;

create function day_floor(moment timestamptz, zone text)
returns date
language sql
immutable parallel safe
as $$
    select (moment at time zone zone)::date
$$;
comment on function day_floor is 'the mall''s own day of a moment';

create function day_ceil(moment timestamptz, zone text)
returns date
language sql
immutable parallel safe
as $$
    select ((moment - interval '1 microsecond') at time zone zone)::date + 1
$$;
comment on function day_ceil is 'the first of the mall''s own days that begins at the moment or later';

create function visits(
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
comment on function visits is
'the times of people with all wanted attributes in sections, cut by the window and at full hours; fast where `walks` in a section is exact';

create function stays_in_sections(
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
comment on function stays_in_sections is 'visits within the window, whole again over full hours';

create function moves_between_sections(window_start timestamptz, window_end timestamptz, wanted jsonb default '{}')
returns table (
    person_id uuid,
    hour timestamptz,
    from_section text,
    to_section text,
    entered_at timestamptz
)
language sql
stable parallel safe
as $$
    with step as (
        select
            s.person_id,
            s.starts_at,
            lag(s.section_id) over (partition by s.person_id order by s.starts_at, s.section_id collate "C") as from_section,
            s.section_id as to_section
        from stays_in_sections(window_start, window_end, null, wanted) as s
    )
    select
        step.person_id,
        date_trunc('hour', step.starts_at, 'UTC'),
        step.from_section,
        step.to_section,
        step.starts_at
    from step
    where step.from_section <> step.to_section
$$;
comment on function moves_between_sections is 'who went from one section into another, the next that was entered, within the window';

create function person_labels(of_day date)
returns table (person_id uuid, attribute text)
language sql
stable parallel safe
as $$
    select
        p.person_id,
        ''
    from person as p
    where p.day = of_day
    union all
    select
        a.person_id,
        pair.key || ':' || pair.value
    from person_attributes as a
    cross join lateral jsonb_each_text(a.attributes) as pair
    where
        a.day = of_day
        and a.active
        and pair.value <> 'unknown'
$$;
comment on function person_labels is 'under which attribute values a rollup counts each person of a day; the empty one is everybody';

create function rollup_label(wanted jsonb)
returns text
language sql
immutable parallel safe
as $$
    select case
        when wanted = '{}' then ''
        when (select count(*) from jsonb_object_keys(wanted)) = 1 then (
            select case when jsonb_typeof(pair.value) = 'string' then pair.key || ':' || (pair.value #>> '{}') end
            from jsonb_each(wanted) as pair
        )
    end
$$;
comment on function rollup_label is 'the `attribute` of the rollups that answers for these wanted attributes; null where none does';

create function refresh_rollups(of_day date)
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
comment on function refresh_rollups is 'computes the rollups of one of the mall''s own days anew; twice is once';

create function rebuild_rollups(only_section text default null, since timestamptz default '-infinity')
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
comment on function rebuild_rollups is
'computes visits and rollups of all that is stored from the paths, of a section that changed since then or of all; reads every path';

-- Sums for a window: whole hours and days from the rollups, the rest and what no rollup answers from the visits themselves.

create function section_hours(
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
comment on function section_hours is 'different people in sections and how long together, by UTC hour, within the window';

create function section_days(
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
comment on function section_days is
'different people in sections, visits and how long together, in up to three rows a section: ids are of one day, so people add up over days';

create function visitor_hours(window_start timestamptz, window_end timestamptz, wanted jsonb default '{}')
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
comment on function visitor_hours is 'different people in the mall, by UTC hour, within the window';

create function visitor_days(window_start timestamptz, window_end timestamptz, zone text, wanted jsonb default '{}')
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
comment on function visitor_days is 'different people in the mall, by its own day, within the window';

create function flows(window_start timestamptz, window_end timestamptz, zone text, wanted jsonb default '{}')
returns table (from_section text, to_section text, people bigint, moves bigint)
language sql
stable parallel safe
as $$
    select
        f.from_section,
        f.to_section,
        sum(f.people)::bigint,
        sum(f.moves)::bigint
    from flow_hour as f
    where
        f.attribute = rollup_label(wanted)
        and f.hour >= hour_ceil(window_start)
        and f.hour < hour_floor(window_end)
        and f.day between day_floor(window_start, 'UTC') - 1 and day_floor(window_end, 'UTC') + 1
    group by f.from_section, f.to_section
    union all
    -- Where somebody came from may lie before the window, on the same day.
    select
        m.from_section,
        m.to_section,
        count(distinct m.person_id),
        count(*)
    from moves_between_sections(
        midnight(day_floor(window_start, zone), zone), least(hour_ceil(window_start), window_end), wanted
    ) as m
    where
        rollup_label(wanted) is not null
        and window_start < hour_ceil(window_start)
        and m.entered_at >= window_start
    group by m.from_section, m.to_section
    union all
    select
        m.from_section,
        m.to_section,
        count(distinct m.person_id),
        count(*)
    from moves_between_sections(midnight(day_floor(window_end, zone), zone), window_end, wanted) as m
    where
        rollup_label(wanted) is not null
        and hour_floor(window_end) < window_end
        and hour_floor(window_end) >= hour_ceil(window_start)
        and m.entered_at >= hour_floor(window_end)
    group by m.from_section, m.to_section
    union all
    select
        m.from_section,
        m.to_section,
        count(distinct (m.person_id, m.hour)),
        count(*)
    from moves_between_sections(midnight(day_floor(window_start, zone), zone), window_end, wanted) as m
    where
        rollup_label(wanted) is null
        and m.entered_at >= window_start
    group by m.from_section, m.to_section
$$;
comment on function flows is 'ways from the section visited before into another, entered within the window; people count once in each hour';

create function squares(
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
comment on function squares is 'different people in 2 m squares and their stored positions, in up to three rows a square';
