-- What a database needs before the first migration, by a superuser once; later runs find it done.
-- Roles belong to the whole server and hold no login: logins are made for each database, by store.make_logins.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['mall_admin', 'mall_ingest', 'mall_read'] loop
        begin
            if not exists (select from pg_roles where rolname = role_name) then
                execute format('create role %I nologin', role_name);
            end if;
        exception
            when duplicate_object or unique_violation then null;  -- another database was quicker
        end;
    end loop;
    if not exists (select from pg_extension where extname = 'postgis') then
        create extension postgis;
    end if;
    if not exists (select from pg_extension where extname = 'btree_gist') then
        create extension btree_gist;
    end if;
    if not has_schema_privilege('mall_admin', 'public', 'create') then
        grant usage, create on schema public to mall_admin;
    end if;
end
$$;
