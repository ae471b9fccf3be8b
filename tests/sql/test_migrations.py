from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from cluster.embedded.postgres import PostgresServer
from sql import store
from sql.store import Store
from tests.conftest import Database

DAY = datetime(2026, 10, 25, 9, tzinfo=UTC)


def relations(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')"
        )
        return {name for (name,) in found}


def test_the_schema_goes_up_down_and_up_again(postgres: PostgresServer) -> None:
    dsn = postgres.create_database("up_and_down")
    store.migrate(dsn)
    made = relations(dsn)
    store.unmigrate(dsn)
    assert relations(dsn) <= {"alembic_version", "spatial_ref_sys", "geometry_columns", "geography_columns"}
    store.migrate(dsn)
    assert relations(dsn) == made


def test_migrating_twice_is_migrating_once(database: Database, postgres: PostgresServer) -> None:
    before = relations(database.admin_dsn)
    store.migrate(database.admin_dsn, ahead=timedelta(0))
    assert relations(database.admin_dsn) == before


def test_the_schema_tells_its_version(read: Store) -> None:
    with read.connection() as connection:
        assert store.schema_version(connection) == store.LATEST
        store.check_version(connection)


def test_a_database_without_schema_has_no_version(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.create_database("bare")) as connection:
        assert store.schema_version(connection) is None
        with pytest.raises(store.MallError, match="schema None"):
            store.check_version(connection)
