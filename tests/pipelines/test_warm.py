"""Warm actors on a real Ray."""

from __future__ import annotations  # annotations do not travel with a loader that goes to another process by value

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import ray

from models.world.errors import MallError
from pipelines import steps
from pipelines.extract import extract_request, extractor_version
from pipelines.flow import Resources
from pipelines.warm import NAMESPACE, Warm
from sql import ledger, requests, sites, videos
from sql.requests import Request
from sql.store import Store
from tests.pipelines.filmed import WINDOW, Mall, deadly_at_red, film_red, gaps, rows

pytestmark = pytest.mark.usefixtures("ray_node")


@pytest.fixture
def warm(mall: Resources) -> Iterator[Warm]:
    actors = Warm(mall, actors=2)
    yield actors
    actors.stop()


def wanted(mall: Resources) -> Request:
    """A request for everything."""
    with Store(mall.database_dsn, role="ingest", size=1) as store, store.connection() as connection:
        missing = {one.camera_id: [one.window] for one in videos.segments(connection, WINDOW)}
        return requests.want(connection, requests.quote(connection, missing))


def pids(actors: Warm) -> list[int]:
    """The processes of the actors that are there."""
    named = ray.util.list_named_actors(all_namespaces=True)
    own = sorted(one["name"] for one in named if one["namespace"] == NAMESPACE and actors.key in one["name"])
    return [
        ray.get(ray.get_actor(name, namespace=NAMESPACE).pid.options(concurrency_group="health").remote())
        for name in own
    ]


def test_warm_actors_give_the_same_rows_as_a_plain_loop_and_stay(another_mall: Mall) -> None:
    from pipelines.extract import extract

    by_actors, plain = another_mall(), another_mall()
    extract(plain, WINDOW, on_ray=False)
    actors = Warm(by_actors, actors=2)
    try:
        done = extract_request(by_actors, wanted(by_actors), actors)
        assert (done.segments, done.failed) == (2, {})
        assert rows(by_actors) == rows(plain)
        before = pids(actors)
        again = Warm(by_actors, actors=2)
        assert again.run([], None, 0.0) == []  # type: ignore[arg-type]
        assert pids(again) == before
        assert len(before) == 2
    finally:
        actors.stop()
    assert pids(actors) == []


def test_an_actor_that_was_killed_is_made_anew(mall: Resources, warm: Warm) -> None:
    request = wanted(mall)
    warm.make_ready()
    os.kill(pids(warm)[0], signal.SIGKILL)
    assert extract_request(mall, request, warm).failed == {}
    assert len(pids(warm)) == 2


def test_a_segment_that_kills_its_actor_becomes_a_gap_and_the_other_does_not(mall: Resources) -> None:
    with Store(mall.database_dsn, role="ingest", size=1) as store, store.connection() as connection:
        poison = next(one for one in videos.segments(connection, WINDOW) if one.camera_id == "cam1")
    mall.objects.put_bytes(poison.key, film_red(Path(poison.key).suffix))
    deadly = replace(mall, load_detector=deadly_at_red())
    actors = Warm(deadly, actors=1)
    try:
        done = extract_request(deadly, wanted(mall), actors)
    finally:
        actors.stop()
    assert list(done.failed) == [poison.segment_id]
    assert gaps(mall) == {"cam1": [(WINDOW, ledger.KILLS_ITS_WORKER)], "cam2": []}


def test_stopping_ends_work_that_would_never_end(mall: Resources, another_mall: Mall) -> None:
    def never() -> Any:
        import threading

        class Never:
            def detect(self, pictures: Any) -> Any:
                threading.Event().wait()

        return Never()

    actors = Warm(replace(mall, load_detector=never), actors=2)
    actors.make_ready()
    with Store(mall.database_dsn, role="ingest", size=1) as store, store.connection() as connection:
        site = sites.read(connection)
        segments = {one.segment_id: one for one in videos.segments(connection, WINDOW)}
        claims = ledger.claim_extractions(connection, list(segments), extractor_version(mall), "other", 60)
    work = [steps.task(claim, segments[claim.segment_id]) for claim in claims]
    timer = threading.Timer(0.5, actors.stop)
    timer.start()
    assert actors.run(work, site, 14.0) == []
    timer.join()
    assert actors.run(work, site, 14.0) == []
    assert pids(actors) == []


def test_models_that_cannot_be_loaded_are_an_error_with_the_reason(mall: Resources) -> None:
    def broken() -> Any:
        raise MallError("these weights are of another network")

    actors = Warm(replace(mall, load_detector=broken), actors=1)
    with pytest.raises(MallError, match="of another network"):
        actors.make_ready()
    assert pids(actors) == []
