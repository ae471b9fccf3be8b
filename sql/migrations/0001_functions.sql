-- Partitions -------------------------------------------------------------------------------------------------

create function missing_partitions(window_start timestamptz, window_end timestamptz)
returns table (parent text, child text, family text, low date, high date, split_by text)
language sql
stable
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
    -- A mall's own day may begin or end on the day before or after, seen from UTC.
    with family (family, split_by) as (
        values
        ('person', null),
        ('person_attributes', null),
        ('person_tracklet', null),
        ('person_location', 'taken_at'),
        ('person_track', 'starts_at')
    ),
    month (low) as (
        select generate_series(date_trunc('month', window_start - interval '1 day'), window_end + interval '1 day', '1 month')
    ),
    day (low) as (
        select generate_series(date_trunc('day', window_start), window_end, '1 day')
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
        where family.split_by is not null
    )
    select needed.*
    from needed
    where to_regclass('public.' || needed.child) is null
    order by length(needed.child), needed.child
$$;

create function ensure_partitions(window_start timestamptz, window_end timestamptz)
returns void
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
declare
    needed record;
begin
    if window_end < window_start or window_end > window_start + interval '400 days' then
        raise exception 'partitions are made for at most 400 days at once; got % to %', window_start, window_end;
    end if;
    if not exists (select from missing_partitions(window_start, window_end)) then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext('mall ensure_partitions'));
    for needed in select * from missing_partitions(window_start, window_end) loop
        -- Made aside and attached: readers of the parent are not blocked, as they would be by `partition of`.
        execute format('create table public.%I (like public.%I including all)', needed.child, needed.family)
            || case when needed.split_by is null then '' else format(' partition by range (%I)', needed.split_by) end;
        execute format(
            'alter table public.%I attach partition public.%I for values from (%L) to (%L)',
            needed.parent, needed.child, needed.low, needed.high
        );
    end loop;
end
$$;
comment on function ensure_partitions is 'makes the month and day partitions that the window touches; twice is once';

-- Building stones of questions ----------------------------------------------------------------------------------

create function cut_in_time(path geometry, from_s double precision, to_s double precision)
returns geometry
language sql
immutable parallel safe
as $$
    select case
        when from_s > to_s then null
        when st_m(st_startpoint(path)) >= from_s and st_m(st_endpoint(path)) <= to_s then path
        else st_geometryn(st_collectionextract(st_locatebetween(path, from_s, to_s), 2), 1)
    end
$$;
comment on function cut_in_time is 'the part of a path (M = epoch s) between two moments; null where there is none';

create function times_inside(path geometry, area geometry)
returns table (from_s double precision, to_s double precision)
language sql
immutable parallel safe
as $$
    -- Each straight step is cut at the border of the area; a step without length is a stop at one place.
    with step as (
        select
            point.geom as a,
            lead(point.geom) over (order by point.path[1]) as b
        from st_dumppoints(path) as point
    ),
    line as (
        select
            st_m(a) as a_s,
            st_m(b) as b_s,
            st_force2d(a) as a,
            st_equals(a, b) as stands,
            st_makeline(st_force2d(a), st_force2d(b)) as whole
        from step
        where
            b is not null
            and st_makeline(a, b) && area
    ),
    part as (
        select
            a_s as from_s,
            b_s as to_s
        from line
        where case when stands then st_intersects(area, a) else st_covers(area, whole) end
        union all
        select
            a_s + (b_s - a_s) * st_linelocatepoint(whole, st_startpoint(inner_part.geom)),
            a_s + (b_s - a_s) * st_linelocatepoint(whole, st_endpoint(inner_part.geom))
        from line
        cross join lateral st_dump(st_collectionextract(st_intersection(whole, area), 2)) as inner_part
        where case when stands then false else st_intersects(area, whole) and not st_covers(area, whole) end
    ),
    ordered as (
        select
            least(part.from_s, part.to_s) as from_s,
            greatest(part.from_s, part.to_s) as to_s
        from part
    ),
    numbered as (
        select
            ordered.from_s,
            ordered.to_s,
            -- Parts that touch within a millisecond are one visit.
            count(*) filter (where is_new) over (order by ordered.from_s, ordered.to_s) as visit
        from (
            select
                ordered.from_s,
                ordered.to_s,
                ordered.from_s > coalesce(
                    max(ordered.to_s) over (
                        order by ordered.from_s, ordered.to_s
                        rows between unbounded preceding and 1 preceding
                    ),
                    '-infinity'
                ) + 0.001 as is_new
            from ordered
        ) as ordered
    )
    select
        min(numbered.from_s),
        max(numbered.to_s)
    from numbered
    group by numbered.visit
$$;
comment on function times_inside is 'when somebody on the path (M = epoch s) was in the area: one row a visit';

create function people_described(window_start timestamptz, window_end timestamptz, wanted jsonb, undecided boolean)
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

create function walks(
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
            t.starts_at >= date_trunc('hour', window_start, 'UTC')
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
comment on function walks is
'the pieces of paths within the window, and within the section if one is given, of people with all wanted attributes';

create function presences(
    moment timestamptz,
    in_section text default null,
    wanted jsonb default '{}',
    undecided boolean default false
)
returns table (
    person_id uuid,
    floor smallint,
    location geometry
)
language sql
stable parallel safe
as $$
    select
        t.person_id,
        t.floor,
        place.location
    from person_track as t
    cross join lateral (
        select st_force2d(st_geometryn(st_locatealong(t.path, extract(epoch from moment)::float8), 1)) as location
    ) as place
    where
        t.starts_at between date_trunc('hour', moment, 'UTC') and moment
        and t.ends_at >= moment
        and (
            wanted = '{}'
            or t.person_id in (select d.person_id from people_described(moment, moment, wanted, undecided) as d)
        )
        and (
            in_section is null
            or exists (
                select
                from section as s
                where
                    s.section_id = in_section
                    and s.floor = t.floor
                    and moment >= s.valid_from
                    and moment < s.valid_to
                    and st_intersects(s.polygon, place.location)
            )
        )
$$;
comment on function presences is 'who was where at a moment, by interpolating the paths';
