-- Video past its time leaves the store; what is done once a day says on which day it was done last.

create function forget_segments(segment_ids uuid[])
returns bigint
language sql
security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
    with gone as (
        delete from segment as s
        where
            s.segment_id = any(segment_ids)
            and s.ends_at <= current_date - 60
            and not exists (
                select
                from legal_hold as h
                where s.starts_at < h.last_day + 1 and s.ends_at > h.first_day
            )
        returning s.segment_id
    )
    select count(*) from gone
$$;
comment on function forget_segments is
'deletes the rows of video whose objects are gone, with their ledger; it refuses what is young or on legal hold, whoever asks';
revoke execute on function forget_segments from public;
grant execute on function forget_segments to mall_ingest;

create table daily_job (
    job text primary key,
    done_on date not null
);
comment on table daily_job is 'what is done once a day, and the day (UTC) on which it was done last';
grant select, insert, update on daily_job to mall_ingest;
