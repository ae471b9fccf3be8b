"""Who works on requests: every handler says now and then that it lives."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sql.store import Connection
from sql.text import statement


@dataclass(frozen=True)
class Handler:
    """A handler by the name under which it claims, the version of its program, and when it was last alive."""

    owner: str
    version: str
    started_at: datetime
    seen_at: datetime


def beat(connection: Connection, owner: str, version: str) -> None:
    """Say that this handler is alive."""
    connection.execute(statement("handlers/beat"), {"owner": owner, "version": version})


def prune(connection: Connection, older_than: timedelta) -> None:
    """Forget the handlers that have not been alive for so long."""
    connection.execute(statement("handlers/prune"), {"older_than": older_than})


def alive(connection: Connection, within_s: float) -> list[Handler]:
    """The handlers that were alive within the last `within_s` seconds, the longest running first."""
    asked = {"within": timedelta(seconds=within_s)}
    return [Handler(*row) for row in connection.execute(statement("handlers/alive"), asked)]
