"""One private server per run; a fresh database per test, copied from one that was migrated once."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import psycopg
import pytest

from cluster.embedded.postgres import PostgresServer
from sql import store
from sql.store import Store

hypothesis.settings.register_profile("fixed", derandomize=True)
hypothesis.settings.load_profile("fixed")
pytest_plugins = ["tests.services"] if find_spec("tests.services") else []
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """A migrated database with a login for each production role."""

    admin_dsn: str
    ingest_dsn: str
    read_dsn: str


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The run's server, in a folder that the user `postgres` can enter; unsafe against power cuts, thus fast."""
    unsafe = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    with tempfile.TemporaryDirectory(prefix="mall-tests-", ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o755)  # noqa: PTH101
        server = PostgresServer(Path(name) / "postgres", unsafe)
        try:
            server.start()
            yield server
        finally:
            server.remove()


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> str:
    """The name of the database that every test's own is copied from."""
    dsn = postgres.create_database("migrated")
    store.migrate(dsn, ahead=timedelta(0))
    with psycopg.connect(dsn) as connection:
        connection.execute("truncate spatial_ref_sys")  # half of what every copy would copy; plans have SRID 0
    return "migrated"


@pytest.fixture
def database(postgres: PostgresServer, migrated: str) -> Iterator[Database]:
    """An empty database of the current schema."""
    name = f"test{next(_numbers)}"
    superuser_dsn = postgres.create_database(name, template=migrated)
    dsns = store.make_logins(superuser_dsn)
    yield Database(dsns["admin"], dsns["ingest"], dsns["read"])
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def admin(database: Database) -> Iterator[Store]:
    """The store as the role `admin`."""
    with Store(database.admin_dsn, role="admin", size=2) as opened:
        yield opened


@pytest.fixture
def ingest(database: Database) -> Iterator[Store]:
    """The store as the role `ingest`."""
    with Store(database.ingest_dsn, role="ingest", size=3) as opened:
        yield opened


@pytest.fixture
def read(database: Database) -> Iterator[Store]:
    """The store as the role `read`."""
    with Store(database.read_dsn, role="read", size=3) as opened:
        yield opened
