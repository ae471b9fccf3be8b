"""The real orders: the store, through the same pool of read connections as the records."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from models.world.periods import Window
from serve.logic.standing import Standing
from sql import figures, handlers, jobs, requests
from sql.figures import Figures
from sql.jobs import Job
from sql.requests import Queue, Quote
from sql.store import Connection, Store

ALIVE_WITHIN_S = 15.0
"""A handler that has not been seen for longer is thought dead."""


class StoredOrders:
    """Each call is a transaction of its own. The pool is not its own: whoever made it closes it."""

    def __init__(self, pool: Store) -> None:
        self._pool = pool

    def quote(self, missing: Mapping[str, Sequence[Window]]) -> Quote:
        """The recordings that overlap the missing times."""
        with self._pool.connection() as connection:
            return requests.quote(connection, missing)

    def is_wanted(self, quote: Quote) -> bool:
        """Whether an equal request is active."""
        with self._pool.connection() as connection:
            return requests.is_active(connection, quote)

    def place(
        self,
        quote: Quote,
        question: str,
        inputs: Mapping[str, object],
        who: str,
        callback: Mapping[str, str] | None,
    ) -> Job:
        """A request, new or joined, and a job that waits for it, in one transaction."""
        with self._pool.connection(read_only=False) as connection:
            request = requests.want(connection, quote)
            return jobs.subscribe(connection, request, question, inputs, who, callback)

    def standing(self, job_id: uuid.UUID) -> Standing | None:
        """The job as it is now, with the progress by the ledger."""
        with self._pool.connection() as connection:
            job = jobs.find(connection, job_id)
            return None if job is None else _standings(connection, [job])[0]

    def standings(self, who: str | None, limit: int) -> list[Standing]:
        """The newest jobs, each as it is now."""
        with self._pool.connection() as connection:
            return _standings(connection, jobs.of_caller(connection, who, limit))

    def dismiss(self, job_id: uuid.UUID) -> None:
        """Dismiss the job, and its request with the last one."""
        with self._pool.connection(read_only=False) as connection:
            jobs.dismiss(connection, job_id)

    def queue(self) -> Queue:
        """What waits for extraction."""
        with self._pool.connection() as connection:
            return requests.queue(connection)

    def figures(self) -> Figures:
        """What the store tells the monitoring."""
        with self._pool.connection() as connection:
            return figures.read(connection)

    def handlers(self) -> int:
        """Those seen lately."""
        with self._pool.connection() as connection:
            return len(handlers.alive(connection, ALIVE_WITHIN_S))


def _standings(connection: Connection, found: Sequence[Job]) -> list[Standing]:
    some_wait = any(job.request.is_active for job in found)
    rate = requests.rates(connection) if some_wait else None
    loading = requests.loading_pace(connection) if some_wait else None
    alive = len(handlers.alive(connection, ALIVE_WITHIN_S))
    return [
        Standing(
            job=job,
            progress=requests.progress(connection, job.request.request_id),
            rate=rate if job.request.is_active else None,
            loading=loading if job.request.is_active else None,
            handlers=alive,
            at=datetime.now(UTC),
        )
        for job in found
    ]
