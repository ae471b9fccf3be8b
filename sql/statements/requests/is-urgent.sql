-- A request that nobody could take, because its time has not come or no handler lives, is no reason to wait.
select
    exists (
        select
        from extraction_request
        where
            priority > %(above)s::smallint
            and (
                (state = 'accepted' and not_before <= clock_timestamp())
                or (state in ('leased', 'running') and lease_until > clock_timestamp())
            )
    )
    and exists (
        select
        from handler
        where seen_at > clock_timestamp() - %(within)s::interval
    );
