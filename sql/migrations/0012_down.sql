drop function undecided_people, floor_changes, stay_hours, local_days;

do $do$
declare
    partitions text := pg_get_functiondef('missing_partitions(timestamptz, timestamptz)'::regprocedure);
    retiring text := pg_get_functiondef('retire(text, text, date)'::regprocedure);
    refreshing text := pg_get_functiondef('refresh_rollups(date)'::regprocedure);
begin
    execute replace(partitions, ' (''stay_hour'', null, 1), (''floor_hour'', null, 1),', '');
    execute replace(retiring, ' delete from stay_hour as r where r.day = of_day; delete from floor_hour as r where r.day = of_day;', '');
    execute replace(refreshing, ' perform refresh_stays(of_day, low, high); perform refresh_floors(of_day, low, high);', '');
end
$do$;

drop function refresh_stays, refresh_floors;
drop table stay_hour, floor_hour;
alter table extraction_ledger drop pictures;

create or replace function people_wanted(window_start timestamptz, window_end timestamptz, wanted jsonb, undecided boolean)
returns table (person_id uuid)
language sql
stable strict parallel safe
rows 50000
as $$
    select d.person_id
    from people_described(window_start, window_end, wanted, undecided) as d
$$;

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

drop function measured_visits;

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

drop function walks_of;
