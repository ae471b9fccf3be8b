-- Wishes for extraction as durable rows, who waits for them, what they are told; segments given up; gaps with reasons.

-- Requests and jobs -------------------------------------------------------------------------------------------

create table extraction_request (
    request_id uuid primary key default gen_random_uuid(),
    fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
    segment_ids uuid[] not null check (cardinality(segment_ids) > 0),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    camera_s double precision not null check (camera_s > 0),
    state text not null default 'accepted'
    check (state in ('accepted', 'leased', 'running', 'successful', 'failed', 'dismissed')),
    priority smallint not null default 0,
    epoch integer not null default 0,
    owner text,
    lease_until timestamptz,
    attempts integer not null default 0,
    not_before timestamptz not null default clock_timestamp(),
    reason text,
    created_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz,
    runner text check (runner in ('plain', 'warm', 'ray')),
    submission_id text,
    check (starts_at < ends_at),
    check ((state in ('leased', 'running')) = (lease_until is not null)),
    check ((state in ('successful', 'failed', 'dismissed')) = (finished_at is not null))
);
create unique index extraction_request_active on extraction_request (fingerprint)
where state in ('accepted', 'leased', 'running');
create index extraction_request_next on extraction_request (priority desc, created_at)
where state in ('accepted', 'leased', 'running');
create index extraction_request_finished on extraction_request (finished_at);
comment on table extraction_request is 'a wish for the extraction of a set of segments; equal wishes are one while it is active';
comment on column extraction_request.fingerprint is 'sha256 of the sorted segment ids, hex';
comment on column extraction_request.priority is 'people''s questions 0, backfills lower; higher goes first';
comment on column extraction_request.epoch is 'how often it was claimed; only the last claimant may go on';
comment on column extraction_request.attempts is 'how often it was given back';
comment on column extraction_request.runner is 'how it is worked on: in the handler, on warm actors, or as a Ray job with the submission_id';

create table job (
    job_id uuid primary key default gen_random_uuid(),
    request_id uuid not null references extraction_request,
    question text not null,
    inputs jsonb not null,
    who text not null,
    callback jsonb,
    created_at timestamptz not null default clock_timestamp(),
    dismissed_at timestamptz
);
create index job_request on job (request_id);
create index job_who on job (who, created_at);
comment on table job is 'somebody who waits for a request, for one question with its inputs';
comment on column job.callback is '{"success_uri": .., "in_progress_uri": .., "failed_uri": ..}, each of them optional';

-- The outbox ----------------------------------------------------------------------------------------------------

create table notification (
    notification_id bigint generated always as identity primary key,
    job_id uuid not null references job,
    event text not null check (event in ('running', 'successful', 'failed', 'dismissed')),
    url text not null,
    body jsonb not null,
    attempts integer not null default 0,
    next_at timestamptz not null default clock_timestamp(),
    delivered_at timestamptz,
    gave_up_at timestamptz,
    last_error text,
    unique (job_id, event)
);
create index notification_due on notification (next_at) where delivered_at is null and gave_up_at is null;
comment on table notification is 'the outbox: written in the transaction of the change it tells of, each event once a job';

create table handler (
    owner text primary key,
    version text not null,
    started_at timestamptz not null default clock_timestamp(),
    seen_at timestamptz not null default clock_timestamp()
);
comment on table handler is 'who works on requests, and when last seen alive';

-- Segments given up, and gaps -------------------------------------------------------------------------------------

alter table extraction_ledger
drop constraint extraction_ledger_state_check,
add constraint extraction_ledger_state_check check (state in ('running', 'done', 'failed', 'quarantined')),
add attempts integer not null default 0 check (attempts >= 0),
add progress_s double precision not null default 0 check (progress_s >= 0);
comment on column extraction_ledger.state is 'quarantined: cannot be extracted (reason); final until somebody asks again';
comment on column extraction_ledger.attempts is 'how often its worker died of it';
comment on column extraction_ledger.progress_s is 'seconds of its video that the running attempt has done';

alter table coverage
add reason text;
comment on column coverage.reason is
'null: processed. Else a gap: nothing usable there, and why (corrupt, deleted, kills-its-worker, not-calibrated)';
