select exists (
    select
    from daily_job
    where
        job = 'retention'
        and done_on >= %(today)s::date
) as done;
