drop function squares, flows, visitor_days, visitor_hours, section_days, section_hours;
drop function rebuild_rollups, refresh_rollups, rollup_label, person_labels, moves_between_sections, stays_in_sections, visits;
drop function day_ceil, day_floor, midnight, hour_ceil, hour_floor;
drop table visitor_hour, visitor_day, grid_day, flow_hour, section_day, section_hour, section_visit;
alter table person
drop distance_m;

create or replace function missing_partitions(window_start timestamptz, window_end timestamptz)
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
