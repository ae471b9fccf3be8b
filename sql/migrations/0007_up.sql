-- `walks` names its pieces twice, which made every question write them all down first; and plans could not know its days.
do $do$
declare
    body text := pg_get_functiondef('walks(timestamptz, timestamptz, text, integer, jsonb, boolean)'::regprocedure);
begin
    body := replace(body, 'with chosen as (', 'with chosen as not materialized (');
    body := replace(body, 'date_trunc(''hour'', window_start, ''UTC'')', 'hour_floor(window_start)');
    if body !~ 'not materialized' or body !~ 'hour_floor' then
        raise exception 'walks is not as it was made';
    end if;
    execute body;
end
$do$;
