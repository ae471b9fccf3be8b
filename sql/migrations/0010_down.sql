drop table daily_job;
drop function forget_segments;
