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
        v.starts_at >= date_trunc('hour', window_start, 'UTC')
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

    execute format($text$
        insert into visitor_day (day, attribute, people)
        select %1$L::date, l.attribute, count(*)
        from person_labels(%1$L) as l
        group by l.attribute
    $text$, of_day);

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
