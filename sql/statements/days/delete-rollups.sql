with
hours as (delete from section_hour where day = any(%(days)s::date[])),
days as (delete from section_day where day = any(%(days)s::date[])),
flows as (delete from flow_hour where day = any(%(days)s::date[])),
floors as (delete from floor_hour where day = any(%(days)s::date[])),
lists as (delete from described_day where day = any(%(days)s::date[])),
routes as (delete from route_day where day = any(%(days)s::date[])),
presence as (delete from visitor_hour where day = any(%(days)s::date[])),
stays as (delete from stay_hour where day = any(%(days)s::date[])),
squares as (delete from grid_day where day = any(%(days)s::date[]))
delete from visitor_day
where day = any(%(days)s::date[]);
