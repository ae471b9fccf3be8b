-- Old requests, jobs, notifications and handlers go; who asked for what stays in the audit.

create function forget_requests(older_than interval, most integer)
returns bigint
language sql
security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with
    gone as (
        select request_id
        from extraction_request
        where finished_at < clock_timestamp() - greatest(older_than, interval '7 days')
        order by finished_at
        limit most
        for update skip locked
    ),
    told as (
        delete from notification
        where job_id in (select j.job_id from job as j inner join gone on j.request_id = gone.request_id)
    ),
    waited as (
        delete from job
        where request_id in (select gone.request_id from gone)
    ),
    ended as (
        delete from extraction_request
        where request_id in (select gone.request_id from gone)
        returning request_id
    )
    select count(*) from ended
$$;
comment on function forget_requests is
'deletes requests that ended so long ago, a week at least, with the jobs that waited for them and what those were told';
revoke execute on function forget_requests from public;
grant execute on function forget_requests to mall_ingest;
grant delete on handler to mall_ingest;

create index extraction_request_left_behind on extraction_request (finished_at)
where state = 'dismissed' and submission_id is not null;
comment on column extraction_request.submission_id is
'the Ray job that works on it; null again when that of a dismissed request is known to have ended';

alter table load_ledger
add association text,
add attributes text;
comment on column load_ledger.association is 'version of the association that the hour was loaded with';
comment on column load_ledger.attributes is 'version of the describer that its attributes come from';

-- The monitoring asks for the newest.
create index coverage_newest on coverage (ends_at) where reason is null;
