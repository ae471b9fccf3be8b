-- In a blind area nobody sees a person. The way through it is inferred: good enough for how far somebody went and for who came by, but it
-- may be metres off, so it is not told as a place where somebody was. Nothing that is there is rewritten: of hours loaded before, and of
-- days loaded in bulk, it is not known, and their paths are told whole.

alter table person_track add unseen tstzmultirange;
alter table person_track_aside add unseen tstzmultirange;
comment on column person_track.unseen is 'when nobody saw the person between starts_at and ends_at; null where that is not known';

create function seen_parts(starts_at timestamptz, ends_at timestamptz, path geometry, unseen tstzmultirange)
returns table (part_starts_at timestamptz, part_ends_at timestamptz, part_path geometry)
language sql
immutable parallel safe
as $$
    select
        starts_at,
        ends_at,
        path
    where (unseen && tstzrange(starts_at, ends_at)) is not true
    union all
    select
        lower(seen.part),
        upper(seen.part),
        cut_in_time(path, extract(epoch from lower(seen.part))::float8, extract(epoch from upper(seen.part))::float8)
    from unnest(tstzmultirange(tstzrange(starts_at, ends_at)) - unseen) as seen (part)
    where
        unseen && tstzrange(starts_at, ends_at)
        and lower(seen.part) < upper(seen.part)
$$;
comment on function seen_parts is 'the parts of a piece of a path in which somebody saw the person';

drop function walks_of;

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
    path geometry,
    unseen tstzmultirange
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
            t.path,
            t.unseen
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
        end,
        c.unseen
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
        part.path,
        t.unseen
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
'pieces of the paths of people with all wanted attributes within a window and, by its visits, a section; of those from the first id to the last; `unseen` is not cut';

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
    select
        w.person_id,
        w.floor,
        w.starts_at,
        w.ends_at,
        w.length_m,
        w.path
    from walks_of(
        '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
        window_start, window_end, in_section, on_floor, wanted, undecided
    ) as w
$$;
