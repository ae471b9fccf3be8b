-- The ways of people are asked for person by person, so that the first rows of a day cost no more than the people they are of; what
-- people did in a section is told by its visits, without the paths behind them; how long they stayed, and how they changed floors, is
-- counted when a day is loaded. Nothing that is there is rewritten: of days loaded before, it is worked out when asked.

alter table extraction_ledger add pictures integer check (pictures >= 0);
comment on column extraction_ledger.pictures is 'how many pictures of the segment were looked at; null in rows from before the twelfth schema';

create table stay_hour (
    day date not null,
    hour timestamptz not null,
    section_id text not null,
    attribute text not null,
    people integer not null,
    average_s double precision not null,
    median_s double precision not null,
    ninth_decile_s double precision not null,
    primary key (section_id, attribute, hour, day)
) partition by range (day);
comment on table stay_hour is 'how long people stayed who came into a section within a full UTC hour; stays are whole, however many hours they last';

create table floor_hour (
    day date not null,
    hour timestamptz not null,
    from_floor smallint not null,
    to_floor smallint not null,
    attribute text not null,
    people integer not null,
    times integer not null,
    primary key (attribute, hour, from_floor, to_floor, day)
) partition by range (day);
comment on table floor_hour is 'who went from one floor to another, by the full UTC hour in which they were first seen on the new one';

grant select on stay_hour, floor_hour to mall_ingest, mall_read;
grant insert, update, delete on stay_hour, floor_hour to mall_ingest;

do $do$
declare
    partitions text := pg_get_functiondef('missing_partitions(timestamptz, timestamptz)'::regprocedure);
    retiring text := pg_get_functiondef('retire(text, text, date)'::regprocedure);
    refreshing text := pg_get_functiondef('refresh_rollups(date)'::regprocedure);
    last_partition text := ' (''route_day'', null, 1),';
    last_retired text := ' delete from route_day as r where r.day = of_day;';
    last_refreshed text := 'execute format(''delete from route_day where day = %L'', of_day);';
begin
    if position(last_partition in partitions) = 0 or position(last_retired in retiring) = 0
        or position(last_refreshed in refreshing) = 0 then
        raise exception 'missing_partitions, retire or refresh_rollups is not as it was made';
    end if;
    execute replace(partitions, last_partition, last_partition || ' (''stay_hour'', null, 1), (''floor_hour'', null, 1),');
    execute replace(
        retiring, last_retired,
        last_retired || ' delete from stay_hour as r where r.day = of_day; delete from floor_hour as r where r.day = of_day;'
    );
    execute replace(
        refreshing, last_refreshed,
        last_refreshed || ' perform refresh_stays(of_day, low, high); perform refresh_floors(of_day, low, high);'
    );
end
$do$;

create function refresh_stays(of_day date, low timestamptz, high timestamptz)
returns void
language plpgsql
as $$
begin
    execute format('delete from stay_hour where day = %L', of_day);
    execute format($text$
        insert into stay_hour (day, hour, section_id, attribute, people, average_s, median_s, ninth_decile_s)
        with stay as (
            select
                s.person_id,
                s.section_id,
                date_trunc('hour', s.starts_at, 'UTC') as hour,
                round(extract(epoch from s.ends_at - s.starts_at) * 1000000)::bigint as took_us
            from stays_in_sections(%2$L, %3$L) as s
        )
        select
            %1$L::date, s.hour, s.section_id, l.attribute, count(distinct s.person_id),
            sum(s.took_us)::float8 / count(*) / 1e6,
            percentile_cont(0.5) within group (order by s.took_us::float8) / 1e6,
            percentile_cont(0.9) within group (order by s.took_us::float8) / 1e6
        from stay as s
        inner join person_labels(%1$L) as l on s.person_id = l.person_id
        group by s.hour, s.section_id, l.attribute
    $text$, of_day, low, high);
end
$$;
comment on function refresh_stays is 'the part of refresh_rollups that keeps stay_hour';

create function refresh_floors(of_day date, low timestamptz, high timestamptz)
returns void
language plpgsql
as $$
begin
    execute format('delete from floor_hour where day = %L', of_day);
    execute format($text$
        insert into floor_hour (day, hour, from_floor, to_floor, attribute, people, times)
        with stay as (
            select
                t.person_id,
                t.floor,
                t.starts_at,
                lag(t.floor) over (partition by t.person_id order by t.starts_at, t.floor) as before
            from person_track as t
            where t.starts_at >= %2$L and t.starts_at < %3$L
        )
        select
            %1$L::date, date_trunc('hour', s.starts_at, 'UTC'), s.before, s.floor, l.attribute,
            count(distinct s.person_id), count(*)
        from stay as s
        inner join person_labels(%1$L) as l on s.person_id = l.person_id
        where s.before <> s.floor
        group by 2, s.before, s.floor, l.attribute
    $text$, of_day, low, high);
end
$$;
comment on function refresh_floors is 'the part of refresh_rollups that keeps floor_hour';

select ensure_partitions(span.low, span.high)
from (select min(day)::timestamptz as low, max(day)::timestamptz as high from person) as span
where span.low is not null;

create or replace function people_wanted(window_start timestamptz, window_end timestamptz, wanted jsonb, undecided boolean)
returns table (person_id uuid)
language plpgsql
stable strict parallel safe
rows 50000
as $$
#variable_conflict use_column
declare
    zone text := (select s.time_zone from site as s);
begin
    -- One value, as mostly asked: the lists themselves, without a plan of all that may be asked.
    if rollup_label(wanted) is not null and not undecided then
        return query select unnest(d.person_ids)
        from described_day as d
        where
            d.attribute = rollup_label(wanted)
            and d.day between
            day_floor(window_start, zone) and day_floor(greatest(window_end - interval '1 microsecond', window_start), zone);
        return;
    end if;
    return query select d.person_id from people_described(window_start, window_end, wanted, undecided) as d;
end
$$;

create function measured_visits(
    window_start timestamptz,
    window_end timestamptz,
    in_section text,
    wanted jsonb default '{}'
)
returns table (
    person_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    length_m double precision
)
language sql
stable parallel safe
as $$
    with visit as not materialized (
        select
            v.person_id,
            v.section_id,
            greatest(v.starts_at, window_start) as starts_at,
            least(v.ends_at, window_end) as ends_at,
            case when v.starts_at >= window_start and v.ends_at <= window_end then v.length_m end as length_m
        from section_visit as v
        where
            v.section_id = in_section
            and v.starts_at >= hour_floor(window_start)
            and v.starts_at < window_end
            and (v.ends_at > window_start or v.starts_at >= window_start)
    ),
    chosen as (
        select visit.*
        from visit
        where wanted = '{}'
        union all
        select visit.*
        from visit
        inner join people_wanted(window_start, window_end, wanted, false) as w on visit.person_id = w.person_id
        where wanted <> '{}'
    )
    select
        c.person_id,
        c.starts_at,
        c.ends_at,
        -- Only what the window cuts, or an earlier schema left unmeasured, is measured by its path.
        coalesce(
            c.length_m,
            (
                select st_length(
                    cut_in_time(t.path, extract(epoch from c.starts_at)::float8, extract(epoch from c.ends_at)::float8)
                )
                from section as s
                inner join person_track as t on s.floor = t.floor
                where
                    s.section_id = c.section_id
                    and c.starts_at >= s.valid_from
                    and c.starts_at < s.valid_to
                    and t.person_id = c.person_id
                    and t.starts_at >= hour_floor(c.starts_at)
                    and t.starts_at <= c.starts_at
                    and t.starts_at >= hour_floor(window_start)
                    and t.starts_at < window_end
                    and t.ends_at >= c.ends_at
                order by t.starts_at desc
                limit 1
            ),
            0
        )
    from chosen as c
$$;
comment on function measured_visits is 'visits to a section within the window, and how far people went in each';

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
    select sum(v.length_m)
    from measured_visits(window_start, window_end, in_section, wanted) as v
    group by v.person_id
$$;

create function local_days(window_start timestamptz, window_end timestamptz, zone text)
returns table (day date, starts_at timestamptz, ends_at timestamptz, is_whole boolean)
language sql
stable parallel safe
as $$
    select
        d.day,
        greatest(midnight(d.day, zone), window_start),
        least(midnight(d.day + 1, zone), window_end),
        midnight(d.day, zone) >= window_start and midnight(d.day + 1, zone) <= window_end
    from (
        select day_floor(window_start, zone) + n as day
        from generate_series(0, day_floor(window_end - interval '1 microsecond', zone) - day_floor(window_start, zone)) as n
    ) as d
    order by d.day
$$;
comment on function local_days is 'the mall''s own days that a window touches, cut by it';

create function stay_hours(
    window_start timestamptz,
    window_end timestamptz,
    zone text,
    in_section text,
    wanted jsonb default '{}'
)
returns table (
    hour timestamptz,
    people bigint,
    average_s double precision,
    median_s double precision,
    ninth_decile_s double precision
)
language plpgsql
stable parallel safe
as $$
#variable_conflict use_column
declare
    part record;
begin
    -- Nobody is there on two days, so each is counted by itself.
    for part in select d.* from local_days(window_start, window_end, zone) as d loop
        if part.is_whole and rollup_label(wanted) is not null then
            return query select
                h.hour,
                h.people::bigint,
                h.average_s,
                h.median_s,
                h.ninth_decile_s
            from stay_hour as h
            where
                h.section_id = in_section
                and h.attribute = rollup_label(wanted)
                and h.day = part.day;
            continue when found;
        end if;
        return query select
            date_trunc('hour', s.starts_at, 'UTC'),
            count(distinct s.person_id),
            avg(extract(epoch from s.ends_at - s.starts_at)::float8),
            percentile_cont(0.5) within group (order by extract(epoch from s.ends_at - s.starts_at)::float8),
            percentile_cont(0.9) within group (order by extract(epoch from s.ends_at - s.starts_at)::float8)
        from stays_in_sections(part.starts_at, part.ends_at, in_section, wanted) as s
        group by 1;
    end loop;
end
$$;
comment on function stay_hours is
'how long people stayed in a section, by the hour in which they came; the window cuts stays';

create function floor_changes(window_start timestamptz, window_end timestamptz, zone text, wanted jsonb default '{}')
returns table (hour timestamptz, from_floor smallint, to_floor smallint, people bigint, times bigint)
language plpgsql
stable parallel safe
as $$
#variable_conflict use_column
declare
    part record;
begin
    if (select count(*) from floor) < 2 then
        return;
    end if;
    for part in select d.* from local_days(window_start, window_end, zone) as d loop
        if part.is_whole and rollup_label(wanted) is not null and exists (
            select from floor_hour as f where f.attribute = '' and f.day = part.day
        ) then
            return query select
                f.hour,
                f.from_floor,
                f.to_floor,
                f.people::bigint,
                f.times::bigint
            from floor_hour as f
            where
                f.attribute = rollup_label(wanted)
                and f.day = part.day;
        else
            return query select
                date_trunc('hour', s.starts_at, 'UTC'),
                s.before,
                s.floor,
                count(distinct s.person_id),
                count(*)
            from (
                select
                    w.person_id,
                    w.floor,
                    w.starts_at,
                    lag(w.floor) over (partition by w.person_id order by w.starts_at, w.floor) as before
                from stays_on_floors(part.starts_at, part.ends_at, null, wanted) as w
            ) as s
            where s.before <> s.floor
            group by 1, 2, 3;
        end if;
    end loop;
end
$$;
comment on function floor_changes is 'who went from one floor to another within the window, by the hour in which they were first seen on the new one';

create function undecided_people(
    window_start timestamptz,
    window_end timestamptz,
    zone text,
    in_section text,
    wanted jsonb
)
returns bigint
language plpgsql
stable parallel safe
as $$
declare
    label text := rollup_label(wanted);
    of_key text := split_part(label, ':', 1) || ':';
    first_whole date := day_ceil(window_start, zone);
    end_whole date := day_floor(window_end, zone);
    part record;
    unknown bigint := 0;
    counted bigint;
begin
    -- Of whole days, all people but those with a known value; of the rest the people themselves. Nobody is there on two days.
    if label is not null and in_section is null then
        select coalesce(sum(case when v.attribute = '' then v.people else -v.people end), 0) into unknown
        from visitor_day as v
        where
            v.day >= first_whole
            and v.day < end_whole
            and (v.attribute = '' or starts_with(v.attribute, of_key));
    elsif label is not null then
        select coalesce(sum(case when v.attribute = '' then v.people else -v.people end), 0) into unknown
        from section_day as v
        where
            v.section_id = in_section
            and v.day >= first_whole
            and v.day < end_whole
            and (v.attribute = '' or starts_with(v.attribute, of_key));
    end if;
    for part in
        select
            d.starts_at,
            d.ends_at
        from local_days(window_start, window_end, zone) as d
        where label is null or not d.is_whole
    loop
        if in_section is null then
            select count(distinct s.person_id) into counted
            from stays_on_floors(part.starts_at, part.ends_at, null, wanted, true) as s;
        else
            select count(distinct v.person_id) into counted
            from visits(part.starts_at, part.ends_at, in_section, wanted, true) as v;
        end if;
        unknown := unknown + counted;
    end loop;
    return unknown;
end
$$;
comment on function undecided_people is
'how many people in the mall, or in a section, may or may not have the wanted attributes: nothing speaks against it';
