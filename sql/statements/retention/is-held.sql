select exists (
    select
    from legal_hold
    where %(day)s::date between first_day and last_day
) as held;
