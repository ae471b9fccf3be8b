"""Extraction from end to end: recorded video in a window becomes persons in the store.

Plan what has no result yet, run the stages on it, then associate and load every hour touched. What is done stays
done: run again, only the rest is worked on; killed anywhere and run again, the same rows come out.
"""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from models.vision import weights
from models.world.errors import NotRecorded
from models.world.periods import Window, total_hours
from models.world.places import Segment, Site
from pipelines import flow, steps
from pipelines.flow import Resources
from pipelines.leases import Leases
from pipelines.load import hours_of, is_stale, load_hour
from pipelines.sink import Result
from sql import ledger, sites, videos
from sql.ledger import Claim
from sql.store import Store

log = logging.getLogger(__name__)
ALGORITHM = "1"
"""Raised whenever the same video would give other tracklets."""
BUSY_POLL_S = 1.0
"""How often to look whether somebody else has finished or abandoned the work that one waits for."""
WAVE = 256
"""Segments claimed at a time, so that several drivers can share a backfill."""
DEATHS = 3
"""How many workers a segment may kill, alone with it, before it is given up."""
INTERRUPTED = "interrupted"
DEADLY = f"its worker died each of the {DEATHS} times it was tried alone (killed, out of memory, or its node was lost)"


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


def extractor_version(resources: Resources) -> str:
    """The name of what is extracted and how: algorithm, detector with its content, sampling rate."""
    name, digest = "given", "0" * 8
    if resources.load_detector is None:
        found = weights.resolve(resources.detector)
        name, digest = found.name.replace("/", "-"), found.sha256[:8]
    return f"v{ALGORITHM}-{name}-{digest}-{resources.sample_fps:g}fps"


def extract(
    resources: Resources,
    window: Window,
    cameras: Sequence[str] | None = None,
    *,
    on_ray: bool = True,
    report: Reporter | None = None,
) -> Summary:
    """Extract and load all recorded video that touches the window, of all cameras unless some are named.

    With `on_ray` this process must be connected to a Ray cluster; without, all is done here. What another worker holds is
    waited for. A segment that cannot be used is in `failed`, the rest goes on; what was quarantined before is left alone. Raises UnknownCamera, NotRecorded if there
    is no video at all, NoCapacity if the cluster cannot ever run it.
    """
    with Store(resources.database_dsn, role="ingest") as store:
        with store.connection() as connection:
            site = sites.read(connection)
            for camera in cameras or ():
                site.camera(camera)
            segments = videos.segments(connection, window, cameras)
        if not segments:
            raise NotRecorded(f"no camera has recorded anything in {window}; ingest video first: mall ingest FILE ..")
        return _Extraction(resources, site, store, on_ray, report).run(segments)


class _Extraction:
    """One run: its owner name, its clock and its counts."""

    def __init__(self, resources: Resources, site: Site, store: Store, on_ray: bool, report: Reporter | None) -> None:
        self.resources, self.site, self.store, self.on_ray = resources, site, store, on_ray
        self.extractor = extractor_version(resources)
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._report, self._started = report, time.monotonic()
        self._seconds: dict[str, float] = {}
        self._failed: dict[uuid.UUID, str] = {}
        self._tracklets = 0

    def run(self, segments: Sequence[Segment]) -> Summary:
        known = self._won(segments)
        ended = known | self._given_up(segments)
        todo = [segment for segment in segments if segment.segment_id not in ended]
        with self._timed("extract"):
            self._extract(todo)
        hours = hours_of(segment.window for segment in segments)
        with self._timed("load"):
            counts = [self._load(hour) for hour in hours if is_stale(hour, self.store)]
        won = self._won(segments)
        return Summary(
            segments=len(todo),
            known=len(known),
            failed=self._failed,
            camera_hours=total_hours(one.window for one in todo if one.segment_id in won),
            tracklets=self._tracklets,
            loaded=len(counts),
            persons=sum(counts),
            seconds=self._seconds,
        )

    def _extract(self, todo: Sequence[Segment]) -> None:
        """Work on what can be claimed, wave by wave, until every segment has a result or has failed here."""
        left = {segment.segment_id: segment for segment in todo}
        while left:
            claims = self._claim(list(left)[:WAVE]) or self._claim(list(left))[:WAVE]
            if claims:
                self._work_on(claims, left, todo)
            else:
                threading.Event().wait(BUSY_POLL_S)
            done = self._won(list(left.values())) | self._given_up(list(left.values())) | set(self._failed)
            left = {name: segment for name, segment in left.items() if name not in done}

    def _work_on(self, claims: Sequence[Claim], segments: dict[uuid.UUID, Segment], todo: Sequence[Segment]) -> None:
        def tell(held: Sequence[Claim]) -> None:
            unfinished = {claim.segment_id for claim in held} | (set(segments) - {claim.segment_id for claim in claims})
            self._tell("extract", todo, unfinished)

        with Leases(claims, self.store, self.resources.lease_s, tell) as leases:
            try:
                self._run(claims, segments)
                leases.renew()
                for suspect in leases.held:
                    self._run_alone(suspect, segments)
            finally:
                leases.renew()
                self._give_back(leases.held, INTERRUPTED)
        failures = self._failures(list(segments.values()))
        self._failed |= {
            claim.segment_id: failures[claim.segment_id] for claim in claims if claim.segment_id in failures
        }

    def _run_alone(self, suspect: Claim, segments: dict[uuid.UUID, Segment]) -> None:
        """A segment that has no result because its worker died, of it or of its neighbour: only alone does it show."""
        if not any(self._run([suspect], segments) for _ in range(DEATHS)):
            self._give_back([suspect], DEADLY)

    def _run(self, claims: Sequence[Claim], segments: dict[uuid.UUID, Segment]) -> list[Result]:
        rows = [steps.task(claim, segments[claim.segment_id]) for claim in claims]
        if self.on_ray:
            results = flow.run_ray(
                rows, self.site, self.resources, max(one.window.seconds for one in segments.values())
            )
        else:
            results = flow.run_plain(rows, self.site, self.resources)
        self._tracklets += sum(result.tracklets for result in results)
        return results

    def _claim(self, names: Sequence[uuid.UUID]) -> list[Claim]:
        with self.store.connection() as connection:
            return ledger.claim_extractions(connection, names, self.extractor, self.owner, self.resources.lease_s)

    def _give_back(self, claims: Sequence[Claim], reason: str) -> None:
        with self.store.connection() as connection:
            for claim in claims:
                ledger.fail_extraction(connection, claim, reason)

    def _won(self, segments: Sequence[Segment]) -> set[uuid.UUID]:
        if not segments:
            return set()
        with self.store.connection() as connection:
            found = ledger.winners(connection, _span(segments), self.extractor)
        return {winner.segment.segment_id for winner in found} & {segment.segment_id for segment in segments}

    def _given_up(self, segments: Sequence[Segment]) -> set[uuid.UUID]:
        if not segments:
            return set()
        with self.store.connection() as connection:
            found = ledger.quarantined(connection, _span(segments), self.extractor)
        return {one.segment.segment_id for one in found} & {segment.segment_id for segment in segments}

    def _failures(self, segments: Sequence[Segment]) -> dict[uuid.UUID, str]:
        with self.store.connection() as connection:
            return ledger.failures(connection, _span(segments), self.extractor)

    def _load(self, hour: datetime) -> int:
        while True:
            count = load_hour(hour, self.site, self.resources, self.store, self.owner)
            if count is not None:
                return count
            threading.Event().wait(BUSY_POLL_S)

    def _tell(self, stage: str, todo: Sequence[Segment], unfinished: set[uuid.UUID]) -> None:
        if self._report is None:
            return
        done = [segment for segment in todo if segment.segment_id not in unfinished]
        done_s, all_s = (sum(one.window.seconds for one in some) for some in (done, todo))
        self._report(Progress(stage, len(done), len(todo), done_s, all_s, time.monotonic() - self._started))

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self._seconds[stage] = round(time.monotonic() - started, 2)


def _span(segments: Sequence[Segment]) -> Window:
    return Window(min(one.window.start for one in segments), max(one.window.end for one in segments))
