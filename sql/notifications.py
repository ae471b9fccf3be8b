"""The outbox: what jobs are still to be told, each event once a job.

Rows are written by the changes they tell of, in the same transaction (`announce` in migrations/0002_functions.sql). Who
delivers takes them with `due`, and says what came of each before the transaction ends; if it dies, they are due again.
So a notification arrives at least once.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sql.store import Connection
from sql.text import statement


@dataclass(frozen=True)
class Notification:
    """What to send where: `event` is running, successful, failed or dismissed, `body` an OGC status document.

    `attempts` counts the tries that failed so far.
    """

    notification_id: int
    job_id: uuid.UUID
    event: str
    url: str
    body: Mapping[str, object]
    attempts: int


def due(connection: Connection, limit: int) -> list[Notification]:
    """Notifications whose time has come, longest overdue first; nobody else gets them while the transaction lasts."""
    return [Notification(*row) for row in connection.execute(statement("notifications/due"), {"limit": limit})]


def delivered(connection: Connection, notification: Notification) -> None:
    """The receiver has taken it."""
    connection.execute(statement("notifications/delivered"), {"notification_id": notification.notification_id})


def postpone(connection: Connection, notification: Notification, error: str, next_at: datetime) -> None:
    """It could not be delivered, and why; it is due again at `next_at`."""
    what = {"notification_id": notification.notification_id, "error": error, "next_at": next_at}
    connection.execute(statement("notifications/postpone"), what)


def give_up(connection: Connection, notification: Notification, error: str) -> None:
    """It will not be tried again, and why."""
    what = {"notification_id": notification.notification_id, "error": error}
    connection.execute(statement("notifications/give-up"), what)
