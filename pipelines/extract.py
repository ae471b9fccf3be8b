"""Extraction from end to end: recorded video in a window becomes persons in the store.

Plan what has no result yet, run the stages on it, then associate and load every hour touched. What is done stays
done: run again, only the rest is worked on; killed anywhere and run again, the same rows come out.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from models.world.errors import LeaseLost, NotRecorded
from models.world.periods import HOUR, Window, total_hours
from models.world.places import Segment, Site
from pipelines.flow import Resources
from pipelines.load import hours_of, is_stale, load_hour
from pipelines.runners import OnRay, Plain, Runner
from pipelines.work import BUSY_POLL_S, Stop, Work, extractor_version
from sql import plans, requests, sites, videos
from sql.plans import Plan
from sql.requests import Request
from sql.store import Store

BACKFILL = -10
"""The priority of a window that an operator has extracted: people's questions (0) go first."""


@dataclass(frozen=True)
class Progress:
    """How far extraction is: segments and camera-seconds done (or failed) of all, after so many seconds."""

    stage: str
    segments_done: int
    segments: int
    camera_s_done: float
    camera_s: float
    elapsed_s: float

    @property
    def left_s(self) -> float | None:
        """Seconds to go at the rate so far; None before anything is done."""
        if not self.camera_s_done:
            return None
        return self.elapsed_s * (self.camera_s - self.camera_s_done) / self.camera_s_done


class Reporter(Protocol):
    """Told how far it is, from time to time and from another thread."""

    def __call__(self, progress: Progress) -> None:
        """Take note."""


@dataclass(frozen=True)
class Summary:
    """What an extraction did: `segments` worked on now, `failed` those of them without a result and why; `known` had one
    before; hours `loaded` with `persons` in them; `seconds` by stage.
    """

    segments: int
    known: int
    failed: dict[uuid.UUID, str]
    camera_hours: float
    tracklets: int
    loaded: int
    persons: int
    seconds: dict[str, float] = field(default_factory=dict)


def extract(
    resources: Resources,
    window: Window,
    cameras: Sequence[str] | None = None,
    *,
    on_ray: bool = True,
    again: bool = False,
    report: Reporter | None = None,
) -> Summary:
    """Extract and load all recorded video that touches the window, of all cameras unless some are named.

    It goes hour by hour in order of time, so memory does not grow with the window, and lets requests of people go first
    where a handler works on them. With `on_ray` this process must be connected to a Ray cluster; without, all is done
    here. What another worker holds is waited for. A segment that cannot be used is in `failed`, the rest goes on; what was
    quarantined before is left alone, unless it is to be tried `again`. Raises UnknownCamera, NotRecorded if there is no
    video at all, NoCapacity if the cluster cannot ever run it.
    """
    with Store(resources.database_dsn, role="ingest") as store:
        with store.connection() as connection:
            site = sites.read(connection)
            for camera in cameras or ():
                site.camera(camera)
            plan = plans.plan(connection, window, cameras, extractor_version(resources))
            hours = plans.hours(connection, window, cameras)
        if not plan.segments:
            raise NotRecorded(f"no camera has recorded anything in {window}; ingest video first: mall ingest FILE ..")
        runner = OnRay(resources) if on_ray else Plain(resources)

        def let_others_go_first() -> None:
            while _is_urgent(store, BACKFILL):
                work.stop.wait(BUSY_POLL_S)

        work = Work(resources, site, store, runner, again=again, before_wave=let_others_go_first)
        left = (plan.segments - plan.known, plan.camera_s - plan.known_s) if again else (plan.left, plan.left_s)
        run = _Extraction(resources, site, store, work, *left, report)
        return run.through(_begun_in(hour, window, cameras, store) for hour in hours)


def extract_request(
    resources: Resources,
    request: Request,
    runner: Runner,
    *,
    stop: Stop | None = None,
    still_wanted: Callable[[], bool] = lambda: True,
    report: Reporter | None = None,
) -> Summary:
    """Extract and load the segments of a request; those whose video was deleted meanwhile are left out.

    The request itself is not touched: whoever has claimed it judges by the ledger what has come of it. Raises LeaseLost
    when stopped, or when it is not `still_wanted` (asked before each wave), NoCapacity and StoreUnavailable.
    """

    def check() -> None:
        if not still_wanted():
            raise LeaseLost(f"the request {request.request_id} was dismissed, or is worked on by somebody else")

    with Store(resources.database_dsn, role="ingest") as store:
        with store.connection() as connection:
            site = sites.read(connection)
            segments = videos.named(connection, request.segment_ids)
        work = Work(resources, site, store, runner, stop=stop, before_wave=check)
        ended = work.ended(segments)
        left = [segment for segment in segments if segment.segment_id not in ended]
        left_s = sum(segment.window.seconds for segment in left)
        return _Extraction(resources, site, store, work, len(left), left_s, report).through([segments])


def is_loaded(segments: Sequence[Segment], store: Store) -> bool:
    """Whether the coverage names all that is known of the hours that the segments touch."""
    return not any(is_stale(hour, store) for hour in hours_of(segment.window for segment in segments))


def estimate(resources: Resources, window: Window, cameras: Sequence[str] | None = None) -> tuple[Plan, float | None]:
    """What extracting the window would take: the plan, and seconds by the ledger's measured rate, None if it has none.

    Raises UnknownCamera.
    """
    with Store(resources.database_dsn, role="ingest", size=1) as store, store.connection() as connection:
        site = sites.read(connection)
        for camera in cameras or ():
            site.camera(camera)
        extractor = extractor_version(resources)
        plan, rate = plans.plan(connection, window, cameras, extractor), plans.rate(connection, extractor)
    return plan, plan.left_s / rate if rate else None


class _Extraction:
    """One run over all batches of segments: its clock and its counts. `segments`, `camera_s`: what there is to do."""

    def __init__(
        self,
        resources: Resources,
        site: Site,
        store: Store,
        work: Work,
        segments: int,
        camera_s: float,
        report: Reporter | None,
    ) -> None:
        self._resources, self._site, self._store, self._work = resources, site, store, work
        self._segments, self._camera_s, self._report = segments, camera_s, report
        self._started, self._seconds = time.monotonic(), {"extract": 0.0, "load": 0.0}
        self._known, self._todo, self._done_s, self._won_hours = 0, 0, 0.0, 0.0
        self._persons: list[int] = []

    def through(self, batches: Iterable[Sequence[Segment]]) -> Summary:
        """Extract batch after batch; an hour is loaded when the one after it is extracted too, which it reaches into."""
        waiting: list[datetime] = []
        for batch in batches:
            with self._timed("extract"):
                self._extract(batch)
            hours = sorted({*waiting, *hours_of(segment.window for segment in batch)})
            begun = max((segment.window.start for segment in batch), default=None)
            ripe = [hour for hour in hours if begun is not None and hour + HOUR <= begun]
            self._load(ripe)
            waiting = hours[len(ripe) :]
        self._load(waiting)
        return self._summary()

    def _extract(self, batch: Sequence[Segment]) -> None:
        known, ended = self._work.won(batch), self._work.ended(batch)
        todo = [segment for segment in batch if segment.segment_id not in ended]
        self._work.finish(todo, self._tell)
        won = self._work.won(todo)
        self._known += len(known)
        self._todo += len(todo)
        self._done_s += sum(one.window.seconds for one in todo)
        self._won_hours += total_hours(one.window for one in todo if one.segment_id in won)

    def _load(self, hours: Sequence[datetime]) -> None:
        with self._timed("load"):
            for hour in hours:
                self._load_hour(hour)

    def _load_hour(self, hour: datetime) -> None:
        """Load it, unless somebody else does."""
        while is_stale(hour, self._store):
            self._work.stop.check()
            count = load_hour(hour, self._site, self._resources, self._store, self._work.owner)
            if count is not None:
                self._persons.append(count)
                return
            self._work.stop.wait(BUSY_POLL_S)

    def _tell(self, ended: int, done_s: float) -> None:
        if self._report is not None:
            done = (self._todo + ended, self._segments, self._done_s + done_s, self._camera_s)
            self._report(Progress("extract", *done, time.monotonic() - self._started))

    def _summary(self) -> Summary:
        return Summary(
            segments=self._todo,
            known=self._known,
            failed=self._work.failed,
            camera_hours=self._won_hours,
            tracklets=self._work.tracklets,
            loaded=len(self._persons),
            persons=sum(self._persons),
            seconds={stage: round(seconds, 2) for stage, seconds in self._seconds.items()},
        )

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self._seconds[stage] += time.monotonic() - started


def _begun_in(hour: datetime, window: Window, cameras: Sequence[str] | None, store: Store) -> list[Segment]:
    """The segments that begin in a full hour and touch the window."""
    with store.connection() as connection:
        found = videos.segments(connection, Window(hour, hour + HOUR), cameras)
    return [one for one in found if one.window.start >= hour and one.window.overlap(window)]


def _is_urgent(store: Store, above: int) -> bool:
    with store.connection() as connection:
        return requests.is_urgent(connection, above=above)
