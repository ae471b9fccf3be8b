create function announce(wish uuid, what text, only_job uuid default null)
returns void
language sql
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
    insert into notification (job_id, event, url, body)
    select
        j.job_id,
        what,
        told.url,
        jsonb_strip_nulls(jsonb_build_object(
            'jobID', j.job_id,
            'processID', j.question,
            'type', 'process',
            'status', what,
            'message', r.reason,
            'created', j.created_at,
            'started', r.started_at,
            'finished', coalesce(j.dismissed_at, r.finished_at)
        ))
    from job as j
    inner join extraction_request as r on j.request_id = r.request_id
    cross join lateral (
        select j.callback ->> case what
            when 'running' then 'in_progress_uri'
            when 'successful' then 'success_uri'
            else 'failed_uri'
        end as url
    ) as told
    where
        j.request_id = wish
        and case when only_job is null then j.dismissed_at is null else j.job_id = only_job end
        and told.url is not null
    on conflict (job_id, event) do nothing
$$;
comment on function announce is
'notifies the waiting jobs of a request, or one job of it, where they want to hear of the event; call it after the change, in its transaction';

create function dismiss_job(unwanted uuid)
returns void
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    wish extraction_request;
begin
    -- The request's row is locked first, as by everybody who joins or changes a request.
    select r.* into wish
    from extraction_request as r
    inner join job as j on r.request_id = j.request_id
    where j.job_id = unwanted
    for update of r;

    update job
    set dismissed_at = clock_timestamp()
    where
        job_id = unwanted
        and dismissed_at is null;
    if not found or wish.state not in ('accepted', 'leased', 'running') then
        return;
    end if;

    if not exists (select from job where request_id = wish.request_id and dismissed_at is null) then
        update extraction_request
        set
            state = 'dismissed',
            reason = 'nobody waits for it any more',
            owner = null,
            lease_until = null,
            finished_at = clock_timestamp()
        where request_id = wish.request_id;
    end if;
    perform announce(wish.request_id, 'dismissed', unwanted);
end
$$;
comment on function dismiss_job is
'one job no longer waits; with the last one the request is dismissed too. For those who may do nothing else to a request; twice is once';
