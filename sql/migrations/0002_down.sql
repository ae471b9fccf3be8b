-- Gaps become missing again and segments given up failed ones: the first schema knows neither.
delete from coverage where reason is not null;
alter table coverage drop reason;

update extraction_ledger set state = 'failed' where state = 'quarantined';
alter table extraction_ledger
drop constraint extraction_ledger_state_check,
add constraint extraction_ledger_state_check check (state in ('running', 'done', 'failed')),
drop attempts,
drop progress_s;

drop function dismiss_job, announce;
drop table handler, notification, job, extraction_request;
