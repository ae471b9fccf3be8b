select exists (
    select
    from extraction_request
    where
        fingerprint = %(fingerprint)s::text
        and state in ('accepted', 'leased', 'running')
);
