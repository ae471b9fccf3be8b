drop index coverage_newest;

alter table load_ledger
drop association,
drop attributes;

comment on column extraction_request.submission_id is null;
drop index extraction_request_left_behind;
revoke delete on handler from mall_ingest;
drop function forget_requests;
