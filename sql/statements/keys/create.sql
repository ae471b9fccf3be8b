insert into api_key (sha256, name, permissions)
values (%(sha256)s::text, %(name)s::text, %(permissions)s::text[])
on conflict (name) do update
    set
        sha256 = excluded.sha256,
        permissions = excluded.permissions,
        created_at = now();
