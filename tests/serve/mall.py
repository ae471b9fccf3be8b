"""A small mall for the question desk: its site, times, and records in memory."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import FastAPI

from models.world.errors import BadParameter, NotFound
from models.world.periods import Window, clip
from models.world.places import Camera, Floor, Georeference, Section, Site, with_homography
from serve.api import Manners, create
from serve.api.events import Pace
from serve.api.metrics import Metrics
from serve.api.readiness import probes
from serve.logic.desk import Observe, QuestionDesk
from serve.logic.jobs import EXTRACT, JobDesk
from serve.logic.ports import Read
from sql.asking import Answer, Place
from sql.catalogue import Bound, Catalogue, Question
from sql.coverage import CameraCoverage, Unusable
from sql.keys import Caller
from sql.store import LATEST
from tests.serve import walkers
from tests.serve.orders import MemoryOrders
from tests.serve.walkers import Walker

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOW = NOON + timedelta(hours=6)
HOUR = Window(NOON, NOON + timedelta(hours=1))
KEY = "a-good-key"
QUESTIONS = Catalogue.load().questions
ASKED = {"from": HOUR.start.isoformat(), "to": HOUR.end.isoformat()}


def caller_of(*permissions: str) -> Caller:
    return Caller("tester", frozenset(permissions))


def everything() -> Caller:
    return caller_of(*{question.permission for question in QUESTIONS.values()}, EXTRACT)


def camera(camera_id: str) -> Camera:
    return Camera(camera_id, 0, 640, 384, 10.0, 1.0, with_homography(np.diag([0.1, 0.1, 1.0])))


def northgate(georeference: Georeference | None = None) -> Site:
    outline = ((0.0, 0.0), (60.0, 0.0), (60.0, 30.0), (0.0, 30.0))
    court = Section("food-court", "Food court", 0, ((40.0, 0.0), (60.0, 0.0), (60.0, 15.0), (40.0, 15.0)))
    cameras = (camera("cam1"), camera("cam2"))
    return Site("northgate", ZoneInfo("Europe/Berlin"), (Floor(0, "Ground", outline),), (court,), cameras, georeference)


def minutes(first: float, last: float) -> Window:
    return Window(NOON + timedelta(minutes=first), NOON + timedelta(minutes=last))


def covering(camera_id: str, recorded: list[Window], covered: list[Window]) -> CameraCoverage:
    return CameraCoverage(
        camera_id=camera_id, recorded=recorded, covered=covered, extractors={"v1"} if covered else set()
    )


def within(camera: CameraCoverage, window: Window) -> CameraCoverage:
    """What is known of the camera in the window."""
    covered = clip(camera.covered, window)
    gaps = [Unusable(part, gap.reason) for gap in camera.gaps for part in clip([gap.window], window)]
    extractors = camera.extractors if covered else set()
    return CameraCoverage(camera.camera_id, clip(camera.recorded, window), covered, extractors, gaps)


@dataclass
class MemoryRecords:
    """Records without a database: what is set is what is read; answers are `rows`, or worked out from `walkers`."""

    site: Site | None = field(default_factory=northgate)
    coverage: list[CameraCoverage] = field(
        default_factory=lambda: [covering(name, [HOUR], [HOUR]) for name in ("cam1", "cam2")]
    )
    rows: list[tuple[object, ...]] = field(default_factory=list)
    walkers: Sequence[Walker] = ()
    unknown: int | None = None
    callers: dict[str, Caller] = field(default_factory=lambda: {KEY: everything()})
    failure: Exception | None = None
    reads: list[Read] = field(default_factory=list)
    asked: list[Bound] = field(default_factory=list)
    closed: bool = False
    working: dict[str, list[Window]] = field(default_factory=dict)
    looked: dict[str, float] = field(default_factory=dict)
    versions: Mapping[str, list[str]] = field(default_factory=lambda: {"association": ["a1"], "attributes": ["d1"]})

    @contextmanager
    def reading(self) -> Iterator["MemoryReading"]:
        if self.failure:
            raise self.failure
        yield MemoryReading(self)

    def streaming(self) -> AbstractContextManager["MemoryReading"]:
        return self.reading()

    def record_read(self, read: Read) -> None:
        self.reads.append(read)

    def caller(self, key: str) -> Caller | None:
        return self.callers.get(key)

    def schema_version(self) -> str:
        if self.failure:
            raise self.failure
        return LATEST

    def close(self) -> None:
        self.closed = True


@dataclass
class MemoryReading:
    records: MemoryRecords

    def site(self) -> Site:
        if self.records.site is None:
            raise NotFound("no site is loaded")
        return self.records.site

    def coverage(self, window: Window) -> list[CameraCoverage]:
        clipped = (within(one, window) for one in self.records.coverage)
        return [one for one in clipped if one.recorded or one.covered or one.gaps]

    def versions(self, window: Window) -> Mapping[str, list[str]]:
        known = any(one.covered for one in self.coverage(window))
        return self.records.versions if known else {name: [] for name in self.records.versions}

    def working(self, window: Window) -> Mapping[str, list[Window]]:
        clipped = {camera: clip(windows, window) for camera, windows in self.records.working.items()}
        return {camera: windows for camera, windows in clipped.items() if windows}

    def looked(self, window: Window) -> Mapping[str, float]:
        known = {one.camera_id for one in self.coverage(window) if one.covered}
        return {camera: rate for camera, rate in self.records.looked.items() if camera in known}

    def check(self, bound: Bound) -> None:
        floor = bound.values.get("floor")
        if bound.values.get("section"):
            self.site().section(str(bound.values["section"]))
        if floor is not None and floor not in [one.id for one in self.site().floors]:
            raise BadParameter("floor", f"there is no floor {floor}")

    def rows(
        self, question: Question, bound: Bound, start: Place | None
    ) -> Generator[tuple[Place, tuple[Any, ...]], None, None]:
        zone, skipped = self.site().time_zone, start.row if start else 0
        day = start.day if start else bound.window.start.astimezone(zone).date()
        for number, row in enumerate(self._answer(question, bound).rows[skipped:], skipped):
            yield Place(day, number), row

    def undecided(self, bound: Bound) -> int | None:
        self.records.asked.append(bound)
        return self._answer(QUESTIONS[bound.question_id], bound).unknown

    def _answer(self, question: Question, bound: Bound) -> Answer:
        if self.records.walkers:
            return walkers.answer(question, bound, self.records.walkers, self.site())
        return Answer(tuple(column.name for column in question.columns), self.records.rows, self.records.unknown)


def desk_over(records: MemoryRecords, min_group: int = 5, observe: Observe | None = None) -> QuestionDesk:
    watched = {} if observe is None else {"observe": observe}
    return QuestionDesk(records, QUESTIONS, min_group=min_group, now=lambda: NOW, **watched)


def jobs_over(records: MemoryRecords, orders: MemoryOrders | None = None, **limits: float) -> JobDesk:
    return JobDesk(desk_over(records), orders or MemoryOrders(), **limits)


def app_over(
    records: MemoryRecords, orders: MemoryOrders | None = None, *, probe_s: float = 3.0, **limits: float
) -> FastAPI:
    """The whole application over records and orders in memory; its streams look without a pause."""
    orders = orders or MemoryOrders()
    metrics = Metrics(orders.figures)
    jobs = JobDesk(desk_over(records, observe=metrics.observe), orders, **limits)
    manners = Manners(pace=Pace(look_s=0.0), probe_s=probe_s)
    return create(jobs, metrics, probes(records, orders, None), manners)
