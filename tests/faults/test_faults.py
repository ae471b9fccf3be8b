"""Everything of an installation is killed again and again, and what it leaves is what a run in peace leaves."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from cluster import extraction
from cluster.embedded.daemons import until
from cluster.embedded.postgres import PostgresServer
from cluster.embedded.seaweedfs import SeaweedServer
from cluster.settings import Settings
from models.world.periods import HOUR, Window
from pipelines.archive import StoredSegments, ingest
from pipelines.extract import estimate, extract
from pipelines.objects import FolderStore, Objects, ObjectStore
from pipelines.simulator import Simulated, simulate
from sql import sites, store
from sql.store import Store
from tests.faults.injector import FREEZE, KILL, Fault, Injector
from tests.faults.installation import Extraction, Visitor, installed
from tests.faults.keeper import Driver, Keeper
from tests.faults.state import hashes
from tests.faults.victims import KINDS

log = logging.getLogger(__name__)
START = datetime(2026, 11, 2, 8, tzinfo=UTC)
CAMERAS, SECONDS, SAMPLE_FPS = 2, 5, 5.0
APART = timedelta(seconds=140)
"""Recordings are so far apart that nobody is in two of them: the order in which they are loaded makes no difference."""
LEASE_S, FROZEN_S = 5.0, 8.0
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Course:
    """The faults, and how many recordings an hour has: hour after hour is extracted until all faults are done. The first
    is a small question, the next, twice as long, a large one, the third is extracted by two drivers, and so on.
    """

    recordings: int
    most_hours: int
    faults: Mapping[Fault, int]

    @property
    def hours(self) -> list[Window]:
        return [Window(START + number * HOUR, START + (number + 1) * HOUR) for number in range(self.most_hours)]

    def filmed(self, number: int) -> list[Window]:
        count = 2 * self.recordings if number % 3 == 1 else self.recordings
        starts = [self.hours[number].start + n * APART for n in range(count)]
        return [Window(start, start + timedelta(seconds=SECONDS)) for start in starts]


SMALL = Course(3, 3, {(KILL, kind): 1 for kind in KINDS} | {(FREEZE, "driver"): 1})
KILLS = dict(zip(KINDS, (50, 45, 6, 32, 10, 10, 12, 25, 10), strict=True))
FREEZES = {"driver": 8, "worker": 4, "handler": 2, "decoder": 2, "backend": 1, "postmaster": 1, "s3": 1, "raylet": 1}
LARGE = Course(
    10, 15, {(KILL, kind): count for kind, count in KILLS.items()} | {(FREEZE, kind): n for kind, n in FREEZES.items()}
)


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    """A database server that forgets nothing when it is killed, only when the power fails."""
    with TemporaryDirectory(prefix="mall-faults-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        server = PostgresServer(Path(name) / "postgres", {"fsync": "off", "full_page_writes": "off"})
        try:
            server.start()
            yield server
        finally:
            server.remove()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    folder = tmp_path_factory.mktemp("film")
    return simulate(folder, cameras=CAMERAS, people=4, minutes=SECONDS / 60, seed=3, start=START)


def opened(simulated: Simulated, server: PostgresServer, name: str) -> dict[Any, str]:
    """A database of its own for the mall that was filmed: its logins."""
    dsn = server.create_database(name)
    store.migrate(dsn, ahead=timedelta(0))
    logins = store.make_logins(dsn)
    with Store(logins["admin"], role="admin", size=1) as admin, admin.connection() as connection:
        sites.save(connection, simulated.site, valid_from=START)
    return dict(logins)


def record(simulated: Simulated, windows: Sequence[Window], ingest_dsn: str, objects: Objects) -> None:
    """Each camera's film into the archive, as recorded in each of the windows."""
    with Store(ingest_dsn, role="ingest", size=1) as rows:
        for window in windows:
            for name, video in simulated.videos.items():
                camera = simulated.site.camera(name)
                ingest(video, camera, window.start, window.end, store=StoredSegments(rows), objects=objects)


@pytest.mark.parametrize(
    "course",
    [
        pytest.param(SMALL, id="small"),
        pytest.param(LARGE, id="large", marks=[pytest.mark.faults, pytest.mark.timeout(7200)]),
    ],
)
def test_whatever_is_killed_and_frozen_the_rows_are_those_of_a_run_in_peace(
    course: Course,
    simulated: Simulated,
    durable: PostgresServer,
    s3_server: SeaweedServer,
    object_store: ObjectStore,
    tmp_path: Path,
) -> None:
    logins = opened(simulated, durable, f"disturbed_{object_store.address.bucket}")
    for number in range(course.most_hours):
        record(simulated, course.filmed(number), logins["ingest"], object_store)
    small_s = CAMERAS * course.recordings * SECONDS
    home = tmp_path / "home"
    with installed(home, logins, object_store, sample_fps=SAMPLE_FPS, lease_s=LEASE_S, warm_camera_s=small_s):
        disturbed = extraction.resources(Settings.load())
        keeper = Keeper(home, durable, s3_server)
        injector = Injector(7, course.faults, keeper.living, FROZEN_S)
        with keeper, Visitor() as visitor:
            for number, hour in enumerate(course.hours):
                if not injector.deck:
                    break
                visitor.hours.append(hour)
                if number % 3 < 2:
                    assert until(partial(visitor.order, hour), PATIENCE_S)
                    drivers = []
                else:
                    drivers = [Driver(hour, tmp_path / f"driver{which}.log") for which in (1, 2)]
                keeper.drivers = drivers
                course_of_hour = Extraction(disturbed, hour, drivers)
                injector.disturb(course_of_hour.progress, course_of_hour.has_ended)
                log.info("hour %d ended; %d faults to come", number, len(injector.deck))
            hours = list(visitor.hours)
            assert until(lambda: all(visitor.ask(hour) for hour in hours), PATIENCE_S)
    window = Window(hours[0].start, hours[-1].end)
    log.info("faults: %s", dict(injector.done))
    found = hashes(disturbed, window)

    undisturbed = replace(
        disturbed,
        objects=FolderStore(tmp_path / "objects"),
        database_dsn=opened(simulated, durable, f"undisturbed_{object_store.address.bucket}")["ingest"],
    )
    for number in range(len(hours)):
        record(simulated, course.filmed(number), undisturbed.database_dsn, undisturbed.objects)
    extract(undisturbed, window, on_ray=False)
    log.info("segments: %d; %s", estimate(undisturbed, window)[0].segments, found)
    assert found == hashes(undisturbed, window)
    assert injector.deck == []
    last = {hour.start: rows for hour, rows in visitor.told}
    assert all(rows == last[hour.start] for hour, rows in visitor.told)
