"""Everything that `mall up` starts, and a question about video that nobody has looked at yet."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cluster.embedded import services
from cluster.embedded.daemons import until
from cluster.settings import Settings
from models.world.periods import Window
from pipelines.archive import StoredSegments, ingest
from pipelines.objects import ObjectStore
from pipelines.simulator import Simulated, simulate
from serve.client import Job, Mall
from sql import handlers, requests, sites
from sql.requests import Request
from sql.store import Store

START = datetime(2026, 11, 2, 17, tzinfo=UTC)
SECONDS = 12


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """Two cameras for 12 seconds."""
    return simulate(tmp_path_factory.mktemp("film"), cameras=2, people=4, minutes=SECONDS / 60, seed=3, start=START)


@pytest.fixture(scope="module")
def settings(installation: Path, simulated: Simulated) -> Settings:
    """All services; what was filmed is recorded again and again from 17:00 on, every minute."""
    settings = services.up(Settings.load(installation))
    with Store(settings.needed("database_admin"), role="admin", size=1) as store, store.connection() as connection:
        sites.save(connection, simulated.site, valid_from=START)
    with Store(settings.needed("database_ingest"), role="ingest", size=1) as store:
        for minute in range(6):
            at = recording(minute)
            for name, video in simulated.videos.items():
                stored, objects = StoredSegments(store), ObjectStore(settings.objects())
                ingest(video, simulated.site.camera(name), at.start, at.end, store=stored, objects=objects)
    return settings


def recording(minute: int) -> Window:
    start = START + timedelta(minutes=minute)
    return Window(start, start + timedelta(seconds=SECONDS))


def ask(settings: Settings, first: int, last: int) -> tuple[list[dict[str, object]], list[Job]]:
    """Where people were in these recordings, and how the job went."""
    window = {"from_": recording(first).start, "to": recording(last).end}
    told: list[Job] = []
    with Mall(settings.needed("serve_url"), settings.needed("api_key")) as desk:
        return desk.ask("paths", wait=True, on_progress=told.append, **window).rows, told


def mall(settings: Settings, *arguments: str) -> str:
    """What the command prints."""
    command = [str(Path(sys.executable).with_name("mall")), *arguments]
    own = {**os.environ, "MALL_HOME": str(settings.home)}
    return subprocess.run(command, env=own, capture_output=True, text=True, check=True, timeout=200).stdout


def latest(settings: Settings) -> Request:
    """The request that ended last."""
    with Store(settings.needed("database_ingest"), role="ingest", size=1) as store, store.connection() as connection:
        row = connection.execute(
            "select request_id from extraction_request order by finished_at desc limit 1"
        ).fetchone()
        assert row is not None
        found = requests.find(connection, row[0])
    assert found is not None
    return found


def owners(settings: Settings) -> list[str]:
    """The handlers that live."""
    with Store(settings.needed("database_ingest"), role="ingest", size=1) as store, store.connection() as connection:
        return [one.owner for one in handlers.alive(connection, 12.0)]


def test_a_small_question_is_answered_by_warm_actors(settings: Settings) -> None:
    rows, told = ask(settings, 0, 0)
    assert rows
    assert (told[-1].status, told[-1].percent) == ("successful", 100)
    assert latest(settings).runner == "warm"
    assert ask(settings, 0, 0) == (rows, [])


def test_a_large_question_from_the_command_line_is_answered_by_a_ray_job(settings: Settings) -> None:
    times = [f"from={recording(1).start.isoformat()}", f"to={recording(2).end.isoformat()}"]
    ended = mall(settings, "query", "paths", "-p", times[0], "-p", times[1], "--format", "csv", "--wait")
    assert len(ended.splitlines()) > 1
    done = latest(settings)
    assert (done.runner, done.submission_id) == ("ray", f"mall-{done.request_id}-{done.epoch}")


def test_a_killed_handler_is_started_again(settings: Settings) -> None:
    (owner,) = owners(settings)
    os.kill(int(owner.split(":")[1]), signal.SIGKILL)
    rows, _ = ask(settings, 3, 3)
    assert rows
    assert until(lambda: owners(settings) not in ([], [owner]), 60.0, 0.5)


def test_down_gives_back_what_is_worked_on_and_up_goes_on(settings: Settings) -> None:
    window = {"from_": recording(4).start, "to": recording(5).end}
    with Mall(settings.needed("serve_url"), settings.needed("api_key")) as desk:
        job = desk.order("paths", **window)
        assert isinstance(job, Job)
        assert until(lambda: desk.job(job.id).status == "running", 60.0, 0.2)
    services.down(settings)
    again = services.up(settings)
    with Mall(again.needed("serve_url"), again.needed("api_key")) as desk:
        for last in desk.follow(job.id):
            assert last.status in ("accepted", "running", "successful")
        assert desk.results(job.id).rows
    assert latest(again).attempts == 0
