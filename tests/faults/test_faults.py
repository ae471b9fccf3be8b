"""Everything of an installation is killed again and again, and what it leaves is what a run in peace leaves."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cluster import extraction
from cluster.embedded.daemons import until
from cluster.embedded.postgres import PostgresServer
from cluster.embedded.seaweedfs import SeaweedServer
from cluster.settings import Settings
from models.world.periods import Window
from pipelines.archive import StoredSegments, ingest
from pipelines.extract import extract
from pipelines.flow import Resources
from pipelines.objects import FolderStore, Objects, ObjectStore
from pipelines.simulator import Simulated
from sql import sites, store
from sql.store import Store
from tests.faults.course import LARGE, SAMPLE_FPS, SMALL, START, Course
from tests.faults.injector import Injector, Living
from tests.faults.installation import Extraction, Visitor, installed
from tests.faults.keeper import Driver, Keeper
from tests.faults.state import hashes, is_at_its_last_life

LEASE_S, FROZEN_S = 5.0, 8.0
PATIENCE_S = 120.0
SEED = 7
WORKING = ("decoder", "worker", "raylet")
"""The death of one of these is laid to the account of the segment that is alone with it."""
log = logging.getLogger(__name__)


def opened(simulated: Simulated, server: PostgresServer, name: str) -> dict[Any, str]:
    """A database of its own for the mall that was filmed: its logins."""
    dsn = server.create_database(name)
    store.migrate(dsn, ahead=timedelta(0))
    logins = store.make_logins(dsn)
    with Store(logins["admin"], role="admin", size=1) as admin, admin.connection() as connection:
        sites.save(connection, simulated.site, valid_from=START)
    return dict(logins)


def record(simulated: Simulated, course: Course, hours: int, ingest_dsn: str, objects: Objects) -> None:
    """Each camera's film into the archive, as recorded over and over in the first hours of the course."""
    with Store(ingest_dsn, role="ingest", size=1) as rows:
        for window in (one for number in range(hours) for one in course.filmed(number)):
            for name, video in simulated.videos.items():
                camera = simulated.site.camera(name)
                ingest(video, camera, window.start, window.end, store=StoredSegments(rows), objects=objects)


def extract_under_fire(course: Course, mall: Resources, keeper: Keeper, visitor: Visitor, folder: Path) -> None:
    """Extract the hours that the course says, one by one, in the end with all faults done."""
    injector = Injector(SEED, course.faults, partial(living, keeper, mall), FROZEN_S)
    latest = time.monotonic() + course.longest_s
    for number, hour in enumerate(course.hours):
        if not injector.deck or time.monotonic() > latest:
            break
        visitor.hours.append(hour)
        if course.is_asked(number):
            keeper.drivers = []
            assert until(partial(visitor.order, hour), PATIENCE_S)
        else:
            keeper.drivers = [Driver(hour, folder / f"driver{which}.log") for which in (1, 2)]
        work = Extraction(mall, hour, keeper.drivers)
        injector.disturb(work.progress, work.has_ended, latest)
        log.info("hour %d has ended; faults done: %s", number, dict(injector.done))
    assert not injector.deck or time.monotonic() > latest, injector.deck
    assert until(lambda: all(visitor.ask(hour) for hour in visitor.hours), PATIENCE_S)


def living(keeper: Keeper, mall: Resources) -> Living:
    """What may be killed. A segment that kills three workers is given up, as is right: nobody kills a third one by chance."""
    found = keeper.living()
    return {**found, **dict.fromkeys(WORKING, ())} if is_at_its_last_life(mall) else found


def same(answers: Sequence[tuple[Window, Any]]) -> bool:
    """Whether each hour was answered the same whenever it was."""
    last = {hour.start: rows for hour, rows in answers}
    return all(rows == last[hour.start] for hour, rows in answers)


@pytest.mark.parametrize(
    "course",
    [
        pytest.param(SMALL, id="small", marks=pytest.mark.timeout(900)),
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
    name, home = object_store.address.bucket, tmp_path / "home"
    logins = opened(simulated, durable, f"disturbed_{name}")
    record(simulated, course, course.most_hours, logins["ingest"], object_store)
    terms = {"sample_fps": SAMPLE_FPS, "lease_s": LEASE_S, "warm_camera_s": course.small_camera_s}
    with installed(home, logins, object_store, **terms):
        disturbed = extraction.resources(Settings.load())
        with Keeper(home, durable, s3_server) as keeper, Visitor() as visitor:
            extract_under_fire(course, disturbed, keeper, visitor, tmp_path)

    dsn = opened(simulated, durable, f"undisturbed_{name}")["ingest"]
    undisturbed = replace(disturbed, database_dsn=dsn, objects=FolderStore(tmp_path / "objects"))
    record(simulated, course, len(visitor.hours), dsn, undisturbed.objects)
    window = Window(visitor.hours[0].start, visitor.hours[-1].end)
    summary = extract(undisturbed, window, on_ray=False)
    found = hashes(disturbed, window)
    log.info("%d segments, %d answers, %s", summary.segments, len(visitor.told), found)
    assert found == hashes(undisturbed, window)
    assert same(visitor.told)
