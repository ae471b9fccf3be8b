select to_regclass('public.alembic_version') is not null;
