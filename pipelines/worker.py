"""The extraction request handler: what people wait for is claimed, worked on and told, one step after the other.

Threads that each do one thing, over and over: say that the handler lives; tidy up; keep the actors warm; take small requests and work on them with
warm actors; take large ones and have jobs of the cluster work on them, so that a day of video never makes a question
about a minute wait; deliver webhooks. None of them keeps anything that the store does not: a handler may be killed at
any moment, and another one goes on where its lease runs out. Any number of handlers may run.
"""

import math
import os
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib.metadata import version

import structlog

from models.world.errors import MallError
from pipelines.flow import Resources
from pipelines.handling import Hand, JobRunner
from pipelines.warm import Warm
from pipelines.webhooks import Courier, deliver_one
from sql import handlers, requests, store
from sql.store import Store

IDLE_S, BEAT_S, HOUSEKEEPING_S, WARMING_S, DAILY_S = 0.5, 5.0, 60.0, 600.0, 600.0
REQUESTS_KEPT, HANDLERS_KEPT = timedelta(days=90), timedelta(days=7)
"""How long ended requests (with jobs and notifications) and dead handlers are remembered: longer than any video."""
COURIERS = 2
"""Threads that deliver webhooks, so that one slow receiver is not waited for by all."""
PATIENCE_S = 30.0
"""How long the threads have to end."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Terms:
    """Under which a handler works: up to `warm_camera_s` seconds of video go to warm actors; `stall_s` without progress end
    the work.
    """

    warm_camera_s: float = 600.0
    stall_s: float = 900.0


class Handler:
    """Handles requests from `start` to `stop`; `actors` gives the way to the warm actors, anew for each request. `daily`, if
    there is any, is what is done once a day (UTC): whether it was done now, and not before or by another handler.

    While the store's schema is not the one it is written for, it takes nothing and does not say that it lives.
    """

    def __init__(
        self,
        resources: Resources,
        actors: Callable[[], Warm],
        jobs: JobRunner,
        courier: Courier,
        terms: Terms | None = None,
        daily: Callable[[date], bool] | None = None,
    ) -> None:
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._resources, self._courier, self._terms = resources, courier, terms or Terms()
        self._stopping = threading.Event()
        self._store = Store(resources.database_dsn, role="ingest", size=5 + COURIERS)
        limits = (self._terms.warm_camera_s, self._terms.stall_s, self._stopping.is_set)
        self._hand = Hand(resources, self._store, actors, jobs, *limits)
        self._threads = [
            self._thread("beat", self.beat, BEAT_S),
            self._thread("housekeeping", self.keep_house, HOUSEKEEPING_S),
            self._thread("warming", self.warm_up, WARMING_S),
            self._thread("small requests", self.take_small, IDLE_S),
            self._thread("large requests", self.take_large, IDLE_S),
            *([] if daily is None else [self._thread("daily", partial(_done_today, daily), DAILY_S)]),
            *(self._thread(f"webhooks {number}", self.deliver, IDLE_S) for number in range(COURIERS)),
        ]

    def start(self) -> None:
        """Begin."""
        log.info("handler started", owner=self.owner)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take nothing more, give back what is being worked on, and end."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(PATIENCE_S)
        self._store.close()
        log.info("handler stopped", owner=self.owner)

    def check(self) -> None:
        """Raises MallError if a part of it has ended although nobody stopped it."""
        dead = [thread.name for thread in self._threads if not thread.is_alive()]
        if dead and not self._stopping.is_set():
            raise MallError(f"these parts of the request handler have ended: {', '.join(dead)}")

    def beat(self) -> bool:
        """Say that it lives."""
        with self._store.connection() as connection:
            store.check_version(connection)
            handlers.beat(connection, self.owner, version("mall-tracking"))
        return False

    def keep_house(self) -> bool:
        """End what dead handlers have left running, and forget what ended long ago. The audit is not touched."""
        with self._store.connection() as connection:
            store.check_version(connection)
            handlers.prune(connection, HANDLERS_KEPT)
            forgotten = requests.prune(connection, REQUESTS_KEPT)
        if forgotten:
            log.info("old requests forgotten", requests=forgotten)
        self._hand.end_left_behind()
        return False

    def warm_up(self) -> bool:
        """Have the warm actors loaded before anybody asks."""
        if self._terms.warm_camera_s > 0:
            self._hand.actors().make_ready()
        return False

    def take_small(self) -> bool:
        """Work on a small request; whether there was one."""
        return self._take(0.0, self._terms.warm_camera_s)

    def take_large(self) -> bool:
        """Work on a large request; whether there was one."""
        return self._take(self._terms.warm_camera_s, math.inf)

    def _take(self, more_than_s: float, at_most_s: float) -> bool:
        with self._store.connection() as connection:
            store.check_version(connection)
            lease_s = self._resources.lease_s
            claim = requests.claim(connection, self.owner, lease_s, more_than_s=more_than_s, at_most_s=at_most_s)
        if claim is not None:
            self._hand.work_on(claim)
        return claim is not None

    def deliver(self) -> bool:
        """Deliver a webhook; whether there was one."""
        return deliver_one(self._store, self._courier)

    def _thread(self, name: str, step: Callable[[], bool], idle_s: float) -> threading.Thread:
        return threading.Thread(target=self._again_and_again, args=(name, step, idle_s), name=name, daemon=True)

    def _again_and_again(self, name: str, step: Callable[[], bool], idle_s: float) -> None:
        """Do the step; after one that had nothing to do, or could not, wait a little."""
        while not self._stopping.is_set():
            try:
                busy = step()
            except MallError as error:
                log.warning("step failed", part=name, error=str(error))
                busy = False
            except Exception:  # the loop is the edge: whatever it is, the next step may go well
                log.exception("step failed", part=name)
                busy = False
            if not busy:
                self._stopping.wait(idle_s)


def _done_today(daily: Callable[[date], bool]) -> bool:
    if daily(datetime.now(UTC).date()):
        log.info("daily work done")
    return False
