"""Jobs: who waits for a request, and for which question. Many jobs may wait for one request.

All of it may be done by the role `read`.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from models.world.errors import UnknownJob
from sql.requests import Request, request_of
from sql.store import Connection
from sql.text import statement


@dataclass(frozen=True)
class Job:
    """One client's question, `inputs` as they were given, waiting for `request`; `who` is the name of its key."""

    job_id: uuid.UUID
    request: Request
    question: str
    inputs: Mapping[str, object]
    who: str
    created_at: datetime
    dismissed_at: datetime | None

    @property
    def state(self) -> str:
        """One of accepted, running, successful, failed and dismissed; a leased request is still accepted to the client."""
        if self.dismissed_at is not None:
            return "dismissed"
        return "accepted" if self.request.state == "leased" else self.request.state


def subscribe(
    connection: Connection,
    request: Request,
    question: str,
    inputs: Mapping[str, object],
    who: str,
    callback: Mapping[str, str] | None = None,
) -> Job:
    """Wait for the request; in the transaction of `requests.want`, or the request may have ended meanwhile.

    `inputs` must be fit for JSON. `callback` has any of the URLs `in_progress_uri`, `success_uri` and `failed_uri`;
    the last one hears of dismissal too.
    """
    row = connection.execute(
        statement("jobs/subscribe"),
        {
            "request_id": request.request_id,
            "question": question,
            "inputs": Jsonb(dict(inputs)),
            "who": who,
            "callback": None if callback is None else Jsonb(dict(callback)),
        },
    ).fetchone()
    assert row is not None
    (job,) = _read(connection, [row[0]])
    return job


def find(connection: Connection, job_id: uuid.UUID) -> Job | None:
    """The job and its request as they are now."""
    return next(iter(_read(connection, [job_id])), None)


def dismiss(connection: Connection, job_id: uuid.UUID) -> Job:
    """The job no longer waits; the request is dismissed too when it was the last to wait. Twice is once.

    A job that has ended is dismissed as well, nothing else changes by that. Raises UnknownJob.
    """
    connection.execute(statement("jobs/dismiss"), {"job_id": job_id})
    job = find(connection, job_id)
    if job is None:
        raise UnknownJob(f"there is no job {job_id}; GET /jobs lists yours")
    return job


def of_caller(connection: Connection, who: str | None, limit: int) -> list[Job]:
    """The newest jobs of a caller, or of everybody; newest first."""
    which = "jobs/latest" if who is None else "jobs/of-caller"
    found = connection.execute(statement(which), {"who": who, "limit": limit}).fetchall()
    return _read(connection, [job_id for (job_id,) in found])


def _read(connection: Connection, job_ids: list[uuid.UUID]) -> list[Job]:
    """The jobs, newest first."""
    return [
        Job(row[0], request_of(row[6:]), *row[1:6])
        for row in connection.execute(statement("jobs/read"), {"job_ids": job_ids})
    ]
