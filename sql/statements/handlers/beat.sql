insert into handler (owner, version)
values (%(owner)s::text, %(version)s::text)
on conflict (owner) do update
    set
        version = excluded.version,
        seen_at = clock_timestamp();
