insert into daily_job as known (job, done_on)
values ('retention', %(today)s::date)
on conflict (job) do update
    set done_on = greatest(known.done_on, excluded.done_on);
