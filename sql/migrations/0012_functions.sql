create function walks_of(
    first_person uuid,
    last_person uuid,
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
            and t.person_id between first_person and last_person
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
            and v.person_id between first_person and last_person
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
comment on function walks_of is
'pieces of the paths of people with all wanted attributes within a window and, by its visits, a section; of those from the first id to the last';

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
    select w.*
    from walks_of(
        '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
        window_start, window_end, in_section, on_floor, wanted, undecided
    ) as w
$$;
comment on function walks is 'walks_of everybody';
