"""The database: its schema, its roles and logins, and pools of connections.

Three roles, each with the least it needs: `admin` owns the schema and loads the site, `ingest` writes video, ledgers
and people, `read` asks questions and writes the audit.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from psycopg import conninfo
from psycopg import sql as composed
from psycopg_pool import ConnectionPool, PoolTimeout

from models.world.errors import MallError, StoreUnavailable
from sql.migrations.files import execute_file
from sql.text import statement

Role = Literal["admin", "ingest", "read"]
ROLES: tuple[Role, ...] = ("admin", "ingest", "read")
Connection = psycopg.Connection[tuple[Any, ...]]
LATEST = "0013"
"""The schema version that this code is written for."""
PATIENCE_S = 5.0
"""How long to wait for a connection."""
_FOLDER = Path(__file__).parent


class Store:
    """A pool of connections of one role.

    `statement_timeout_s` ends statements of the read role that take longer; 0 means no limit.
    """

    def __init__(self, dsn: str, *, role: Role, size: int = 4, statement_timeout_s: float = 30.0) -> None:
        self.role, self.size = role, size
        options = f"-c timezone=UTC -c jit=off -c application_name=mall-{role}"
        if role == "read":
            options += f" -c statement_timeout={round(statement_timeout_s * 1000)}"
            # A plan that knows the window reads its days only; one for all windows, made after a few askings, may not.
            options += " -c plan_cache_mode=force_custom_plan"
            # Ids in hand are hashed: of what a function returns the planner expects 200 different values, and would sort instead.
            options += " -c enable_mergejoin=off -c work_mem=32MB"
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            dsn,
            min_size=1,
            max_size=size,
            open=False,
            check=ConnectionPool.check_connection,
            kwargs={"options": options, "connect_timeout": 10},
        )
        self._pool.open()

    @contextmanager
    def connection(self, *, read_only: bool | None = None) -> Iterator[Connection]:
        """A connection in a transaction, committed at the end and rolled back on an error.

        The read role's transactions are read-only unless it says otherwise (to write the audit).
        Raises StoreUnavailable when the database does not answer or ends a statement for its length.
        """
        with _told_as_unavailable(), self._pool.connection(timeout=PATIENCE_S) as connection:
            connection.read_only = self.role == "read" if read_only is None else read_only
            with connection.transaction():
                yield connection

    def close(self) -> None:
        """Give all connections back."""
        self._pool.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def migrate(admin_dsn: str, *, ahead: timedelta = timedelta(days=31)) -> None:
    """Bring the schema to `LATEST` and make the partitions from yesterday until `ahead` from now.

    The first time the login must be a superuser, or roles and extensions must be there already. Raises StoreUnavailable.
    """
    with _administration(admin_dsn) as (config, connection):
        command.upgrade(config, LATEST)
        now = datetime.now(UTC)
        window = {"start": now - timedelta(days=1), "end": now + ahead}
        connection.execute(sqlalchemy.text("select ensure_partitions(:start, :end)"), window)


def unmigrate(admin_dsn: str, version: str = "base") -> None:
    """Take the schema back to a version, or all of it away; the latter is meant for empty databases."""
    with _administration(admin_dsn) as (config, _):
        command.downgrade(config, version)


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.QueryCanceled:
        raise StoreUnavailable("the answer took too long and was given up; ask for a shorter window") from None
    except psycopg.errors.DiskFull as error:
        raise StoreUnavailable(
            "the database's disk is full; nothing was changed: make room and run it again"
        ) from error
    except PoolTimeout as error:
        raise StoreUnavailable(f"the database gives no connection within {PATIENCE_S:.0f} s; is it up?") from error
    except (psycopg.OperationalError, sqlalchemy.exc.OperationalError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise StoreUnavailable(f"the database does not answer: {reason}") from error


@contextmanager
def _administration(admin_dsn: str) -> Iterator[tuple[Config, sqlalchemy.Connection]]:
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(admin_dsn), poolclass=sqlalchemy.NullPool
    )
    config = Config(_FOLDER / "alembic.ini")
    with _told_as_unavailable(), engine.begin() as connection:
        execute_file(connection, "roles.sql")
        connection.exec_driver_sql("set local role mall_admin")
        config.attributes["connection"] = connection
        yield config, connection


def schema_version(connection: Connection) -> str | None:
    """The version of the schema, None where there is none."""
    exists = connection.execute(statement("schema-exists")).fetchone()
    if exists != (True,):
        return None
    version = connection.execute(statement("schema-version")).fetchone()
    return None if version is None else str(version[0])


def check_version(connection: Connection) -> None:
    """Raise MallError unless the schema is the one this code is written for."""
    version = schema_version(connection)
    if version != LATEST:
        raise MallError(
            f"the database has schema {version}, this program needs {LATEST}; run `mall up`, or sql.store.migrate"
        )


def make_logins(admin_dsn: str, passwords: Mapping[Role, str] | None = None) -> dict[Role, str]:
    """One login per role for this database alone, and the DSN of each; run again it sets the passwords anew.

    Without `passwords` new ones are generated. Logins are named `{database}_{role}_login`. Needs the right to create roles.
    """
    passwords = passwords or {role: secrets.token_urlsafe(24) for role in ROLES}
    with psycopg.connect(admin_dsn) as connection:
        database = connection.info.dbname
        connection.execute(composed.SQL("revoke all on database {} from public").format(composed.Identifier(database)))
        for role, password in passwords.items():
            _make_login(connection, database, role, password)
    return {role: _with_login(admin_dsn, f"{database}_{role}_login", password) for role, password in passwords.items()}


def _make_login(connection: Connection, database: str, role: Role, password: str) -> None:
    login = f"{database}_{role}_login"
    connection.execute("select pg_advisory_xact_lock(hashtext('mall make_logins'))")
    known = connection.execute("select 1 from pg_roles where rolname = %s", [login]).fetchone()
    names = {
        "login": composed.Identifier(login),
        "role": composed.Identifier(f"mall_{role}"),
        "database": composed.Identifier(database),
        "password": composed.Literal(password),
    }
    for clause in (
        composed.SQL("create role {login}") if known is None else None,
        composed.SQL("alter role {login} login password {password}"),
        composed.SQL("grant {role} to {login}"),
        composed.SQL("grant connect, temporary on database {database} to {login}"),
    ):
        if clause is not None:
            connection.execute(clause.format(**names))


def _with_login(dsn: str, user: str, password: str) -> str:
    parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(dsn).items() if value is not None}
    url = sqlalchemy.URL.create(
        "postgresql",
        user,
        password,
        host=parts.pop("host", None),
        port=int(parts.pop("port", "5432")),
        database=parts.pop("dbname", None),
        query={name: value for name, value in parts.items() if name not in ("user", "password")},
    )
    return url.render_as_string(hide_password=False)
