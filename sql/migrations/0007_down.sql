do $do$
declare
    body text := pg_get_functiondef('walks(timestamptz, timestamptz, text, integer, jsonb, boolean)'::regprocedure);
begin
    body := replace(body, 'with chosen as not materialized (', 'with chosen as (');
    execute replace(body, 'hour_floor(window_start)', 'date_trunc(''hour'', window_start, ''UTC'')');
end
$do$;
