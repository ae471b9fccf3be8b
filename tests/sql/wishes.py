"""Wishes for extraction, and who waits for them, in a few words."""

import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TypeVar

from models.world.periods import Window
from sql import jobs, requests
from sql.jobs import Job
from sql.requests import Progress, Quote, Request, RequestClaim
from sql.store import Store
from tests.sql.mall import TEN

T = TypeVar("T")
CALLBACK = {
    "in_progress_uri": "https://shop.example/started",
    "success_uri": "https://shop.example/done",
    "failed_uri": "https://shop.example/failed",
}


def minutes(first: float, last: float) -> Window:
    """Minutes from ten o'clock on."""
    return Window(TEN + timedelta(minutes=first), TEN + timedelta(minutes=last))


def quote_of(*segment_ids: uuid.UUID) -> Quote:
    """A quote for these segments as if each were half an hour at ten."""
    return Quote(tuple(segment_ids), minutes(0, 30), 1800.0 * len(segment_ids))


def wanted(store: Store, quote: Quote, priority: int = 0) -> Request:
    with store.connection(read_only=False) as connection:
        return requests.want(connection, quote, priority=priority)


def waiting(store: Store, quote: Quote, who: str = "ann", callback: dict[str, str] | None = None) -> Job:
    """A job of its own for this quote."""
    with store.connection(read_only=False) as connection:
        request = requests.want(connection, quote)
        return jobs.subscribe(connection, request, "paths", {"floor": 0}, who, callback)


def dismissed(store: Store, job: Job) -> Job:
    with store.connection(read_only=False) as connection:
        return jobs.dismiss(connection, job.job_id)


def claimed(store: Store, owner: str = "handler", lease_s: float = 60) -> RequestClaim:
    """The next claim, which must exist."""
    with store.connection() as connection:
        claim = requests.claim(connection, owner, lease_s)
    assert claim is not None
    return claim


def now(store: Store, request: Request) -> Request:
    """The request as it is now."""
    with store.connection() as connection:
        found = requests.find(connection, request.request_id)
    assert found is not None
    return found


def progress_of(store: Store, request: Request) -> Progress:
    with store.connection() as connection:
        return requests.progress(connection, request.request_id)


def at_once(number: int, work: Callable[[int], T]) -> list[T]:
    """What so many threads get that all begin at the same moment."""
    together = Barrier(number)

    def one(index: int) -> T:
        together.wait(timeout=30)
        return work(index)

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(one, range(number)))


def until_blocked(store: Store, pids: Iterable[int]) -> None:
    """Returns when every one of these backends waits for a lock; fails if they do not begin to."""
    waiting, patience = set(pids), time.monotonic() + 30
    while waiting:
        assert time.monotonic() < patience, f"the backends {waiting} wait for nobody"
        with store.connection() as connection:
            waiting = {
                pid
                for pid in waiting
                if connection.execute("select cardinality(pg_blocking_pids(%s))", [pid]).fetchone() == (0,)
            }
