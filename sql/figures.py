"""What the store tells the monitoring, in a few numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sql import requests
from sql.requests import Queue
from sql.store import Connection
from sql.text import statement


@dataclass(frozen=True)
class Figures:
    """Jobs by state, segments and seconds of their video by the ledger's state, the queue, the newest processed time.

    All of them are of what is kept: they fall when old video is deleted.
    """

    jobs: Mapping[str, int]
    segments: Mapping[str, int]
    camera_s: Mapping[str, float]
    queue: Queue
    newest_covered: datetime | None


def read(connection: Connection) -> Figures:
    """The numbers as they are now."""
    segments = connection.execute(statement("figures/segments")).fetchall()
    newest = connection.execute(statement("figures/newest")).fetchone()
    return Figures(
        jobs=dict(connection.execute(statement("figures/jobs")).fetchall()),
        segments={state: count for state, count, _ in segments},
        camera_s={state: camera_s for state, _, camera_s in segments},
        queue=requests.queue(connection),
        newest_covered=newest[0] if newest else None,
    )
