"""From a question that nobody can answer yet to its answer: every service real, over HTTP and in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from cluster import extraction
from cluster.embedded import services
from cluster.embedded.postgres import PostgresServer
from cluster.settings import Settings, write_state
from models.world.periods import Window
from pipelines import archive
from pipelines.extract import extract
from pipelines.objects import FolderStore, Objects
from pipelines.simulator import Simulated, simulate
from serve.app import ServeArgs, application
from serve.client import Mall
from sql import keys, sites, store
from sql.store import Store
from tests.notebooks.test_notebooks import NOTEBOOKS, run
from tests.page.conftest import served
from tests.page.driver import Reader, chromium, chromium_path

TITLE = "Paths of people"


@dataclass(frozen=True)
class Installation:
    """What `mall up` gave, and a mall whose cameras filmed the same half a minute on three days; nothing is extracted."""

    settings: Settings
    simulated: Simulated
    first: Window
    second: Window
    third: Window

    @property
    def address(self) -> tuple[str, str]:
        return self.settings.needed("serve_url"), self.settings.needed("api_key")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("mall")
    write_state(home, {"min_group": 1})
    try:
        start = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0) - timedelta(days=3)
        with ThreadPoolExecutor(1) as beside:
            starting = beside.submit(services.up, Settings.load(home))
            simulated = simulate(tmp_path_factory.mktemp("site"), cameras=2, people=8, minutes=0.5, seed=3, start=start)
            settings = starting.result()
        first = simulated.window
        second, third = (Window(*(at + timedelta(days=day) for at in (first.start, first.end))) for day in (1, 2))
        with Store(settings.needed("database_admin"), role="admin", size=1) as admin, admin.connection() as connection:
            sites.save(connection, simulated.site, valid_from=first.start)
        with Store(settings.needed("database_ingest"), role="ingest", size=2) as ingest:
            for window in (first, second, third):
                record(simulated, window, ingest, extraction.resources(settings).objects)
        yield Installation(settings, simulated, first, second, third)
    finally:
        services.down(Settings.load(home))


def record(simulated: Simulated, window: Window, ingest: Store, objects: Objects) -> None:
    """The video of every camera into the archive, as filmed in the window."""
    for camera_id, video in simulated.videos.items():
        camera, rows = simulated.site.camera(camera_id), archive.StoredSegments(ingest)
        archive.ingest(video, camera, window.start, window.end, store=rows, objects=objects)


@pytest.fixture
def after_full_extraction(
    installation: Installation, postgres: PostgresServer, migrated: str, tmp_path: Path
) -> Iterator[tuple[str, str]]:
    """Address and key of a service over another store, for which everything was extracted before anybody asked."""
    dsns = store.make_logins(postgres.create_database("extracted_before", template=migrated))
    resources = replace(
        extraction.resources(installation.settings), objects=FolderStore(tmp_path), database_dsn=dsns["ingest"]
    )
    with Store(dsns["admin"], role="admin", size=1) as admin, admin.connection() as connection:
        sites.save(connection, installation.simulated.site, valid_from=installation.first.start)
        key = keys.create(connection, "reader")
    with Store(dsns["ingest"], role="ingest", size=2) as ingest:
        record(installation.simulated, installation.first, ingest, resources.objects)
    extract(resources, installation.first, on_ray=False)
    with served(application(ServeArgs(database_read=dsns["read"], min_group=1))) as url:
        yield url, key


def inputs(window: Window) -> dict[str, str]:
    return {"from": window.start.isoformat(), "to": window.end.isoformat()}


def test_a_question_before_extraction_becomes_a_job_and_then_the_full_answer(
    installation: Installation, after_full_extraction: tuple[str, str]
) -> None:
    url, key = installation.address
    headers = {"Authorization": f"Bearer {key}", "Prefer": "respond-async"}
    ordered = httpx.post(
        f"{url}/processes/paths/execution", json={"inputs": inputs(installation.first)}, headers=headers
    )
    assert ordered.status_code == httpx.codes.CREATED, ordered.text
    assert ordered.headers["Preference-Applied"] == "respond-async"
    with Mall(url, key) as mall, Mall(*after_full_extraction) as other:
        job_id = ordered.headers["Location"].rpartition("/")[2]
        seen = list(mall.follow(job_id))
        assert [seen[0].has_ended, seen[-1].status, seen[-1].percent] == [False, "successful", 100]
        found = mall.results(job_id)
        asked: dict[str, Any] = inputs(installation.first)
        expected = other.ask("paths", **asked)
        assert found.rows == expected.rows
        assert len({row["person"] for row in found.rows}) > 3
        assert found.passport["gaps"] == expected.passport["gaps"] == []
        assert mall.ask("paths", **asked).rows == found.rows


@pytest.mark.skipif(chromium_path() is None, reason="no Chromium is installed; Debian: apt-get install chromium")
def test_the_page_follows_the_job_and_draws_the_answer(installation: Installation, tmp_path: Path) -> None:
    url, key = installation.address
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 1200}, timezone_id="UTC")
        reader = Reader(page, url)
        reader.enter(key)
        reader.choose(TITLE)
        start = installation.second.start.astimezone(installation.simulated.site.time_zone)
        end = start + timedelta(minutes=1)  # the form knows no shorter one
        reader.fill(from_=f"{start:%Y-%m-%dT%H:%M}", to=f"{end:%Y-%m-%dT%H:%M}")
        reader.ask()
        expect(reader.job).to_contain_text(re.compile("of 1 camera-minute(?!s)"), timeout=30_000)
        page.screenshot(path=tmp_path / "job.png")
        expect(page.locator("#answer .figures")).to_be_visible(timeout=120_000)
        assert int(reader.figure("people")) > 3
        assert reader.lines() > 0
        page.screenshot(path=tmp_path / "answer.png")
        assert reader.troubles == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_notebook_waits_for_what_is_missing(installation: Installation, tmp_path: Path) -> None:
    url, key = installation.address
    printed = run(NOTEBOOKS / "02_ask_and_wait.ipynb", {"MALL_SERVE_URL": url, "MALL_API_KEY": key}, tmp_path)
    assert "0.017 of 0.017 recorded camera-hours are extracted" in printed, printed
    with Mall(url, key) as mall:
        newest = mall.jobs()[0]
    assert (newest.question, newest.status) == ("paths", "successful")
