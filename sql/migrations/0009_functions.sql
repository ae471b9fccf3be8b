create function described_lists(of_day date)
returns table (attribute text, person_ids uuid[])
language sql
stable parallel safe
as $$
    select
        l.attribute,
        array_agg(l.person_id order by l.person_id)
    from person_labels(of_day) as l
    group by l.attribute
    union all
    -- Of keys that somebody has a value of.
    select
        known.key || ':unknown',
        array_agg(p.person_id order by p.person_id)
    from (
        select distinct pair.key
        from person_attributes as a
        cross join lateral jsonb_each_text(a.attributes) as pair
        where
            a.day = of_day
            and a.active
            and pair.value <> 'unknown'
    ) as known
    cross join person as p
    left join person_attributes as a
        on
            p.day = a.day
            and p.person_id = a.person_id
            and a.active
    where
        p.day = of_day
        and coalesce(a.attributes ->> known.key, 'unknown') = 'unknown'
    group by known.key
$$;
comment on function described_lists is 'the rows of described_day of a day';

create function people_with(window_start timestamptz, window_end timestamptz, wanted jsonb)
returns table (person_id uuid)
language sql
stable parallel safe
as $$
    -- One value: the list itself. Several: who is in as many lists as are wanted. A person is of one of the mall's own days.
    select unnest(d.person_ids)
    from described_day as d
    where
        d.attribute = rollup_label(wanted)
        and d.day between
        day_floor(window_start, (select s.time_zone from site as s))
        and day_floor(greatest(window_end - interval '1 microsecond', window_start), (select s.time_zone from site as s))
    union all
    select listed.person_id
    from (
        select unnest(d.person_ids) as person_id
        from described_day as d
        where
            rollup_label(wanted) is null
            and d.attribute in (select pair.key || ':' || pair.value from jsonb_each_text(wanted) as pair)
            and d.day between
            day_floor(window_start, (select s.time_zone from site as s))
            and day_floor(greatest(window_end - interval '1 microsecond', window_start), (select s.time_zone from site as s))
    ) as listed
    group by listed.person_id
    having count(*) = (select count(*) from jsonb_object_keys(wanted))
$$;
comment on function people_with is 'people of the mall''s own days that the window touches who have all wanted attributes';

create or replace function people_described(window_start timestamptz, window_end timestamptz, wanted jsonb, undecided boolean)
returns table (person_id uuid)
language sql
stable parallel safe
as $$
    select w.person_id
    from people_with(window_start, window_end, wanted) as w
    where not undecided
    union all
    select listed.person_id
    from (
        -- Of each key who has the value or none at all; a key that nobody has a value of on that day is everybody's.
        select
            unnest(d.person_ids) as person_id,
            case
                when d.attribute = '' then (
                    select count(*)
                    from jsonb_object_keys(wanted) as key
                    where not exists (
                        select from described_day as k where k.day = d.day and starts_with(k.attribute, key || ':')
                    )
                )
                else 1
            end as keys,
            d.attribute = '' or d.attribute like '%:unknown' as is_unknown
        from described_day as d
        where
            undecided
            and not exists (select from jsonb_each(wanted) as wish where jsonb_typeof(wish.value) = 'array')
            and d.day between
            day_floor(window_start, (select s.time_zone from site as s))
            and day_floor(greatest(window_end - interval '1 microsecond', window_start), (select s.time_zone from site as s))
            and (
                d.attribute in (
                    select pair.key || ':' || word
                    from jsonb_each_text(wanted) as pair
                    cross join lateral unnest(array[pair.value, 'unknown']) as word
                )
                or (
                    d.attribute = ''
                    and exists (
                        select
                        from jsonb_object_keys(wanted) as key
                        where not exists (
                            select from described_day as k where k.day = d.day and starts_with(k.attribute, key || ':')
                        )
                    )
                )
            )
    ) as listed
    group by listed.person_id
    having
        sum(listed.keys) = (select count(*) from jsonb_object_keys(wanted))
        and bool_or(listed.is_unknown)
$$;
comment on function people_described is
'people of the mall''s own days that the window touches who have all wanted attributes, or, if undecided, those who may have them: nothing speaks against it';

create function walks_by_path(window_start timestamptz, window_end timestamptz, in_section text)
returns table (
    person_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    length_m double precision
)
language sql
stable parallel safe
as $$
    select
        t.person_id,
        to_timestamp(visit.from_s),
        to_timestamp(visit.to_s),
        st_length(cut_in_time(
            timely.path,
            extract(epoch from to_timestamp(visit.from_s))::float8,
            extract(epoch from to_timestamp(visit.to_s))::float8
        ))
    from section as s
    inner join person_track as t
        on
            t.floor = s.floor
            and t.starts_at < s.valid_to
            and t.ends_at >= s.valid_from
            and t.path && s.polygon
    cross join lateral (
        select cut_in_time(
            t.path,
            extract(epoch from greatest(t.starts_at, window_start, s.valid_from))::float8,
            extract(epoch from least(t.ends_at, window_end, s.valid_to))::float8
        ) as path
    ) as timely
    cross join lateral times_inside(timely.path, s.polygon) as visit
    where
        s.section_id = in_section
        and s.valid_from < window_end
        and s.valid_to > window_start
        and t.starts_at >= hour_floor(window_start)
        and t.starts_at < window_end
        and (t.ends_at > window_start or t.starts_at >= window_start)
$$;
comment on function walks_by_path is
'when people were in a section and how far they went in it, by cutting every path at its border: what section_visit is made from';

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
    -- Pieces meet at full hours only, so within one hour each is whole.
    select
        v.person_id,
        v.section_id,
        v.starts_at,
        v.ends_at
    from visits(window_start, window_end, in_section, wanted) as v
    where hour_ceil(window_end) - hour_floor(window_start) <= interval '1 hour'
    union all
    select
        n.person_id,
        n.section_id,
        min(n.starts_at),
        max(n.ends_at)
    from (
        select
            piece.person_id,
            piece.section_id,
            piece.starts_at,
            piece.ends_at,
            count(*) filter (where piece.pause is null or piece.pause > interval '1 millisecond')
                over (partition by piece.person_id, piece.section_id collate "C" order by piece.starts_at) as stay
        from (
            select
                v.person_id,
                v.section_id,
                v.starts_at,
                v.ends_at,
                v.starts_at - lag(v.ends_at) over (
                    partition by v.person_id, v.section_id collate "C" order by v.starts_at
                ) as pause
            from visits(window_start, window_end, in_section, wanted) as v
            where hour_ceil(window_end) - hour_floor(window_start) > interval '1 hour'
        ) as piece
    ) as n
    group by n.person_id, n.section_id, n.stay
$$;

create function path_length_m(of_person uuid, in_section text, visit_start timestamptz, visit_end timestamptz)
returns double precision
language sql
stable parallel safe
as $$
    select coalesce(round(sum(st_length(cut_in_time(
        t.path, extract(epoch from visit_start)::float8, extract(epoch from visit_end)::float8
    ))) * 1e9) / 1e9, 0)
    from person_track as t
    inner join section as s on t.floor = s.floor
    where
        t.person_id = of_person
        and t.starts_at >= hour_floor(visit_start)
        and t.starts_at <= visit_end
        and t.ends_at >= visit_start
        and s.section_id = in_section
        and visit_start >= s.valid_from
        and visit_start < s.valid_to
$$;
comment on function path_length_m is 'distance covered within a visit, by the path: for rows of section_visit without length';

create function section_walks(
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
comment on function section_walks is
'distance that each person covered in a section within the window: of whole hours as stored with the visits, of the rest by the paths';

create function section_lengths(
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
comment on function section_lengths is
'distance that each person covered in a section within the window: of whole days from the rollup, of the rest from the visits';

create function person_routes(window_start timestamptz, window_end timestamptz, length integer, wanted jsonb default '{}')
returns table (person_id uuid, sections text[], times bigint)
language sql
stable parallel safe
as $$
    with step as (
        select
            s.person_id,
            s.section_id,
            s.starts_at,
            lag(s.section_id) over (partition by s.person_id order by s.starts_at, s.section_id collate "C") as before
        from stays_in_sections(window_start, window_end, null, wanted) as s
    ),
    route as (
        select
            step.person_id,
            array_agg(step.section_id) over (
                partition by step.person_id
                order by step.starts_at, step.section_id collate "C"
                rows between current row and length - 1 following
            ) as sections
        from step
        where step.before is distinct from step.section_id
    )
    select
        route.person_id,
        route.sections,
        count(*)
    from route
    where cardinality(route.sections) = length
    group by route.person_id, route.sections
$$;
comment on function person_routes is 'the sequences of sections, each another than the one before, that each person entered within the window, and how often';

create function routes(
    window_start timestamptz,
    window_end timestamptz,
    zone text,
    length integer,
    wanted jsonb default '{}'
)
returns table (route text, people bigint, times bigint)
language sql
stable parallel safe
as $$
    -- Of whole days from the rollup, which knows sequences of three; what it does not know from the visits.
    select
        known.route,
        known.people::bigint,
        known.times::bigint
    from route_day as d
    cross join lateral unnest(d.routes, d.people, d.times) as known (route, people, times)
    where
        length = 3
        and d.attribute = rollup_label(wanted)
        and d.day >= day_ceil(window_start, zone)
        and d.day < day_floor(window_end, zone)
    union all
    select
        array_to_string(r.sections, ' > '),
        count(*),
        sum(r.times)::bigint
    from visitor_day as v
    cross join lateral person_routes(midnight(v.day, zone), midnight(v.day + 1, zone), length, wanted) as r
    where
        length = 3
        and v.attribute = rollup_label(wanted)
        and v.day >= day_ceil(window_start, zone)
        and v.day < day_floor(window_end, zone)
        and not exists (select from route_day as d where d.day = v.day and d.attribute = v.attribute)
    group by r.sections
    union all
    select
        array_to_string(r.sections, ' > '),
        count(*),
        sum(r.times)::bigint
    from person_routes(window_start, least(midnight(day_ceil(window_start, zone), zone), window_end), length, wanted) as r
    where
        length = 3
        and rollup_label(wanted) is not null
        and window_start < midnight(day_ceil(window_start, zone), zone)
    group by r.sections
    union all
    select
        array_to_string(r.sections, ' > '),
        count(*),
        sum(r.times)::bigint
    from person_routes(greatest(midnight(day_floor(window_end, zone), zone), window_start), window_end, length, wanted) as r
    where
        length = 3
        and rollup_label(wanted) is not null
        and midnight(day_floor(window_end, zone), zone) < window_end
        and day_floor(window_end, zone) >= day_ceil(window_start, zone)
    group by r.sections
    union all
    select
        array_to_string(r.sections, ' > '),
        count(*),
        sum(r.times)::bigint
    from person_routes(window_start, window_end, length, wanted) as r
    where
        length <> 3
        or rollup_label(wanted) is null
    group by r.sections
$$;
comment on function routes is
'sequences of so many sections, and how many people went so how often, in several rows a sequence: ids are of one day, so people add up over days';

-- The sums of a window, branch by branch: a plan is made for those that the window has, and not for all.

create or replace function section_hours(
    window_start timestamptz,
    window_end timestamptz,
    in_section text default null,
    wanted jsonb default '{}'
)
returns table (section_id text, hour timestamptz, people bigint, present_s double precision)
language plpgsql
stable parallel safe
as $$
#variable_conflict use_column
begin
    if rollup_label(wanted) is null then
        return query select
            v.section_id,
            date_trunc('hour', v.starts_at, 'UTC'),
            count(distinct v.person_id),
            sum(extract(epoch from v.ends_at - v.starts_at)::float8)
        from visits(window_start, window_end, in_section, wanted) as v
        group by v.section_id, date_trunc('hour', v.starts_at, 'UTC');
        return;
    end if;
    return query select
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
    group by h.section_id, h.hour;
    if window_start < hour_ceil(window_start) then
        return query select
            v.section_id,
            date_trunc('hour', v.starts_at, 'UTC'),
            count(distinct v.person_id),
            sum(extract(epoch from v.ends_at - v.starts_at)::float8)
        from visits(window_start, least(hour_ceil(window_start), window_end), in_section, wanted) as v
        group by v.section_id, date_trunc('hour', v.starts_at, 'UTC');
    end if;
    if hour_floor(window_end) < window_end and hour_floor(window_end) >= hour_ceil(window_start) then
        return query select
            v.section_id,
            date_trunc('hour', v.starts_at, 'UTC'),
            count(distinct v.person_id),
            sum(extract(epoch from v.ends_at - v.starts_at)::float8)
        from visits(greatest(hour_floor(window_end), window_start), window_end, in_section, wanted) as v
        group by v.section_id, date_trunc('hour', v.starts_at, 'UTC');
    end if;
end
$$;

create or replace function section_days(
    window_start timestamptz,
    window_end timestamptz,
    zone text,
    in_section text default null,
    wanted jsonb default '{}'
)
returns table (section_id text, people bigint, visits bigint, present_s double precision)
language plpgsql
stable parallel safe
as $$
#variable_conflict use_column
begin
    if rollup_label(wanted) is null then
        return query select
            s.section_id,
            count(distinct s.person_id),
            count(*),
            sum(extract(epoch from s.ends_at - s.starts_at)::float8)
        from stays_in_sections(window_start, window_end, in_section, wanted) as s
        group by s.section_id;
        return;
    end if;
    return query select
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
    group by d.section_id;
    if window_start < midnight(day_ceil(window_start, zone), zone) then
        return query select
            s.section_id,
            count(distinct s.person_id),
            count(*),
            sum(extract(epoch from s.ends_at - s.starts_at)::float8)
        from stays_in_sections(window_start, least(midnight(day_ceil(window_start, zone), zone), window_end), in_section, wanted) as s
        group by s.section_id;
    end if;
    if midnight(day_floor(window_end, zone), zone) < window_end and day_floor(window_end, zone) >= day_ceil(window_start, zone) then
        return query select
            s.section_id,
            count(distinct s.person_id),
            count(*),
            sum(extract(epoch from s.ends_at - s.starts_at)::float8)
        from stays_in_sections(greatest(midnight(day_floor(window_end, zone), zone), window_start), window_end, in_section, wanted) as s
        group by s.section_id;
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
    execute format('delete from described_day where day = %L', of_day);
    execute format('delete from route_day where day = %L', of_day);

    execute format($text$
        insert into visitor_day (day, attribute, people)
        select %1$L::date, l.attribute, count(*)
        from person_labels(%1$L) as l
        group by l.attribute
    $text$, of_day);

    execute format($text$
        insert into described_day (day, attribute, person_ids)
        select %1$L::date, l.attribute, l.person_ids
        from described_lists(%1$L) as l
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
        insert into section_hour (day, hour, section_id, attribute, people, present_ms, present)
        with visit as (
            select
                v.person_id,
                v.section_id,
                date_trunc('hour', v.starts_at, 'UTC') as hour,
                v.starts_at,
                v.ends_at
            from section_visit as v
            where v.starts_at >= %2$L and v.starts_at < %3$L
        ),
        present as (
            select
                v.person_id,
                v.section_id,
                v.hour,
                sum(round(extract(epoch from v.ends_at - v.starts_at) * 1000000)::bigint) as present_us
            from visit as v
            group by v.person_id, v.section_id, v.hour
        ),
        counted as (
            select
                p.hour, p.section_id, l.attribute, count(*) as people, (sum(p.present_us) + 500)::bigint / 1000 as present_ms
            from present as p
            inner join person_labels(%1$L) as l on p.person_id = l.person_id
            group by p.hour, p.section_id, l.attribute
        ),
        there as (
            -- A piece counts within its own hour.
            select distinct v.person_id, v.section_id, v.hour, tick.minute
            from visit as v
            cross join lateral generate_series(
                ceil(extract(epoch from v.starts_at - v.hour)::float8 / 60)::integer,
                least(floor(extract(epoch from v.ends_at - v.hour)::float8 / 60)::integer, 59)
            ) as tick (minute)
        ),
        minutes as (
            select t.hour, t.section_id, l.attribute, t.minute, count(*) as people
            from there as t
            inner join person_labels(%1$L) as l on t.person_id = l.person_id
            group by t.hour, t.section_id, l.attribute, t.minute
        )
        select
            %1$L::date, c.hour, c.section_id, c.attribute, c.people, c.present_ms,
            array_agg(coalesce(m.people, 0)::integer order by every.minute)
        from counted as c
        cross join generate_series(0, 59) as every (minute)
        left join minutes as m
            on
                c.hour = m.hour
                and c.section_id = m.section_id
                and c.attribute = m.attribute
                and every.minute = m.minute
        group by c.hour, c.section_id, c.attribute, c.people, c.present_ms
    $text$, of_day, low, high);

    execute format($text$
        insert into route_day (day, attribute, routes, people, times)
        with walked as (
            select l.attribute, array_to_string(r.sections, ' > ') as route, count(*) as people, sum(r.times) as times
            from person_routes(%2$L, %3$L, 3) as r
            inner join person_labels(%1$L) as l on r.person_id = l.person_id
            group by l.attribute, r.sections
        )
        select
            %1$L::date, w.attribute,
            array_agg(w.route order by w.route collate "C"),
            array_agg(w.people::integer order by w.route collate "C"),
            array_agg(w.times::integer order by w.route collate "C")
        from walked as w
        group by w.attribute
    $text$, of_day, low, high);

    execute format($text$
        insert into section_day (day, section_id, attribute, people, visits, present_ms, lengths_m)
        with walked as (
            select
                v.person_id,
                v.section_id,
                sum(
                    coalesce(v.length_m, path_length_m(v.person_id, v.section_id, v.starts_at, v.ends_at))
                    order by v.starts_at
                ) as length_m
            from section_visit as v
            where v.starts_at >= %2$L and v.starts_at < %3$L
            group by v.person_id, v.section_id
        ),
        present as (
            select
                v.person_id,
                v.section_id,
                count(*) as visits,
                sum(round(extract(epoch from v.ends_at - v.starts_at) * 1000000)::bigint) as present_us
            from stays_in_sections(%2$L, %3$L) as v
            group by v.person_id, v.section_id
        )
        select
            %1$L::date, p.section_id, l.attribute, count(*), sum(p.visits), (sum(p.present_us) + 500)::bigint / 1000,
            array_agg(w.length_m order by w.length_m)
        from present as p
        inner join walked as w on p.person_id = w.person_id and p.section_id = w.section_id
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
        order by l.attribute, p.grid_id
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
        insert into section_visit (person_id, section_id, starts_at, ends_at, length_m)
        select w.person_id, named, w.starts_at, w.ends_at, round(w.length_m * 1e9) / 1e9
        from walks_by_path(low, high, named) as w;
    end loop;
    for of_day in select distinct p.day from person as p loop
        perform refresh_rollups(of_day);
    end loop;
end
$$;
