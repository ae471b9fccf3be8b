"""The request handler with real PostGIS and S3; small requests on a real Ray, large ones as threads."""

from __future__ import annotations  # annotations do not travel with a loader that goes to another process by value

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from cluster.embedded.daemons import until
from cluster.embedded.postgres import PostgresServer
from models.world.errors import MallError, NoCapacity, StoreUnavailable
from pipelines import handling
from pipelines.extract import extract
from pipelines.flow import Resources
from pipelines.handling import DELETED_MEANWHILE, Hand
from pipelines.objects import ObjectStore, ObjectStoreAddress
from pipelines.warm import Warm
from pipelines.worker import Handler, Terms
from sql import handlers, jobs, ledger, requests, videos
from sql.jobs import Job
from sql.requests import Request
from sql.store import Store
from tests.pipelines.filmed import PEOPLE, WINDOW, Mall, gaps, rows
from tests.pipelines.handler_process import ThreadJobs, handler

JOBS_ONLY = Terms(warm_camera_s=0.0, stall_s=60.0)
PATIENCE_S = 60.0


@pytest.fixture
def store(mall: Resources) -> Iterator[Store]:
    with Store(mall.database_dsn, role="ingest", size=2) as opened:
        yield opened


def order(store: Store, callback: dict[str, str] | None = None) -> Job:
    """Somebody waits for everything."""
    with store.connection() as connection:
        missing = {one.camera_id: [one.window] for one in videos.segments(connection, WINDOW)}
        request = requests.want(connection, requests.quote(connection, missing))
        return jobs.subscribe(connection, request, "paths", {}, "ann", callback)


def now(store: Store, job: Job) -> Request:
    with store.connection() as connection:
        found = requests.find(connection, job.request.request_id)
    assert found is not None
    return found


def becomes(store: Store, job: Job, state: str, patience_s: float = PATIENCE_S) -> Request:
    until(lambda: now(store, job).state == state, patience_s)
    found = now(store, job)
    assert found.state == state, found
    return found


def epochs(mall: Resources) -> set[int]:
    """How often segments were claimed."""
    with psycopg.connect(mall.database_dsn) as connection:
        return {row[0] for row in connection.execute("select epoch from extraction_ledger")}


@contextmanager
def working(*handlers: Handler) -> Iterator[None]:
    for one in handlers:
        one.start()
    try:
        yield
    finally:
        for one in handlers:
            one.stop()


def never(entered: str | None = None) -> Callable[[], Any]:
    """A loader of a detector that never finds anything, because it never ends; it makes the file `entered`."""

    def load() -> Any:
        import pathlib
        import threading

        class Never:
            def detect(self, pictures: Any) -> Any:
                if entered is not None:
                    pathlib.Path(entered).touch()
                threading.Event().wait()

        return Never()

    return load


def test_a_small_request_is_done_on_warm_actors(ray_node: object, mall: Resources, store: Store) -> None:
    job = order(store)
    actors = partial(Warm, mall, 2)
    try:
        with working(handler(mall, Terms(), actors=actors)):
            ended = becomes(store, job, "successful")
            with store.connection() as connection:
                assert len(handlers.alive(connection, 30.0)) == 1
    finally:
        actors().stop()
    assert (ended.runner, ended.epoch, ended.attempts, ended.reason) == ("warm", 1, 0, None)
    assert len(rows(mall)["person"]) == PEOPLE


def test_a_dismissed_request_ends_for_real(ray_node: object, mall: Resources, store: Store, tmp_path: Path) -> None:
    entered = tmp_path / "entered"
    endless = replace(mall, load_detector=never(str(entered)))
    job = order(store)
    actors = partial(Warm, endless, 1)
    with working(handler(endless, Terms(), actors=actors)):
        assert until(entered.exists, PATIENCE_S)
        with store.connection() as connection:
            jobs.dismiss(connection, job.job_id)
        assert until(lambda: given_back(mall) == ["interrupted"] * 2, 15.0)
        assert until(lambda: not named(actors().key), 15.0)
    assert now(store, job).state == "dismissed"


def named(key: str) -> list[str]:
    import ray

    return [name for name in ray.util.list_named_actors(all_namespaces=True) if key in str(name)]


def given_back(mall: Resources) -> list[str]:
    """The segments that were given back, which means not merely left until their leases run out: the reasons."""
    with psycopg.connect(mall.database_dsn) as connection:
        return [row[0] for row in connection.execute("select reason from extraction_ledger where state = 'failed'")]


def test_a_large_request_is_done_by_a_job_and_a_segment_given_up_is_a_gap(mall: Resources, store: Store) -> None:
    with store.connection() as connection:
        spoilt = next(one for one in videos.segments(connection, WINDOW) if one.camera_id == "cam2")
    mall.objects.put_bytes(spoilt.key, b"ffconcat version 1.0\nfile /etc/passwd\n")
    job = order(store)
    with working(handler(mall, JOBS_ONLY)):
        ended = becomes(store, job, "successful")
    assert ended.submission_id == f"mall-{ended.request_id}-1"
    assert gaps(mall) == {"cam1": [], "cam2": [(WINDOW, ledger.CORRUPT)]}


def test_two_handlers_at_once_do_everything_once(another_mall: Mall) -> None:
    mall, undisturbed = another_mall(), another_mall()
    extract(undisturbed, WINDOW, on_ray=False)
    with Store(mall.database_dsn, role="ingest", size=2) as store:
        job = order(store)
        with working(handler(mall, JOBS_ONLY), handler(mall, JOBS_ONLY)):
            ended = becomes(store, job, "successful")
    assert (ended.epoch, epochs(mall)) == (1, {1})
    assert rows(mall) == rows(undisturbed)


def test_the_work_of_a_killed_handler_is_taken_over_and_nothing_is_doubled(another_mall: Mall, tmp_path: Path) -> None:
    from ray import cloudpickle

    mall, undisturbed = replace(another_mall(), lease_s=2.0), another_mall()
    extract(undisturbed, WINDOW, on_ray=False)
    entered, arguments = tmp_path / "entered", tmp_path / "arguments"
    arguments.write_bytes(cloudpickle.dumps((replace(mall, load_detector=never(str(entered))), JOBS_ONLY)))
    command = [sys.executable, "-m", "tests.pipelines.handler_process", str(arguments)]
    with Store(mall.database_dsn, role="ingest", size=2) as store:
        job = order(store)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ) as doomed:
            assert until(entered.exists, PATIENCE_S)
            doomed.send_signal(signal.SIGKILL)
        successor = ThreadJobs(mall)
        with working(handler(mall, JOBS_ONLY, successor)):
            ended = becomes(store, job, "successful")
    assert (ended.epoch, ended.submission_id) == (2, f"mall-{ended.request_id}-2")
    assert rows(mall) == rows(undisturbed)


@dataclass
class Unwilling(ThreadJobs):
    """A cluster that is too small."""

    def submit(self, submission_id: str, request_id: uuid.UUID, epoch: int) -> None:
        raise NoCapacity("extraction needs 1 CPU of the Ray cluster, which has 0.5 in all: add a node")


def test_too_small_a_cluster_fails_the_request_with_the_reason(mall: Resources, store: Store) -> None:
    job = order(store)
    with working(handler(mall, JOBS_ONLY, Unwilling(mall))):
        ended = becomes(store, job, "failed")
    assert "has 0.5 in all" in str(ended.reason)
    assert ended.attempts == 0


def attempt(hand: Hand, job: Job) -> Request:
    """What one attempt leaves; the next one need not wait its time."""
    with hand.store.connection() as connection:
        claim = requests.claim_one(connection, job.request.request_id, "test", 60.0)
    assert claim is not None
    hand.work_on(claim)
    with hand.store.connection() as connection:
        connection.execute("update extraction_request set not_before = clock_timestamp() where state = 'accepted'")
    return now(hand.store, job)


def test_work_that_gets_nowhere_is_ended_tried_again_and_given_up_in_the_end(mall: Resources, store: Store) -> None:
    endless = ThreadJobs(replace(mall, load_detector=never()))
    watched_often = replace(mall, lease_s=2.0)
    job, hand = order(store), Hand(watched_often, store, partial(Warm, mall), endless, warm_camera_s=0.0, stall_s=0.1)
    for tries in range(1, handling.ATTEMPTS):
        tried = attempt(hand, job)
        assert (tried.state, tried.attempts, endless.stopped) == (
            "accepted",
            tries,
            [f"mall-{job.request.request_id}-{number}" for number in range(1, tries + 1)],
        )
        assert "no progress for 0.1 s" in str(tried.reason)
    assert attempt(hand, job).state == "failed"


@dataclass
class Shortlived(ThreadJobs):
    """Jobs that end when one camera is done."""

    def submit(self, submission_id: str, request_id: uuid.UUID, epoch: int) -> None:
        extract(self.resources, WINDOW, ["cam1"], on_ray=False)


def test_attempts_are_counted_anew_when_a_segment_got_done(mall: Resources, store: Store) -> None:
    job, hand = order(store), Hand(mall, store, partial(Warm, mall), Shortlived(mall), warm_camera_s=0.0, stall_s=60.0)
    with store.connection() as connection:
        connection.execute("update extraction_request set attempts = %s", [handling.ATTEMPTS - 1])
    assert [(tried.state, tried.attempts) for tried in (attempt(hand, job), attempt(hand, job))] == [
        ("accepted", 0),
        ("accepted", 1),
    ]


def test_an_object_store_that_is_away_is_not_the_requests_fault(mall: Resources, store: Store) -> None:
    nowhere = ObjectStore(ObjectStoreAddress("http://127.0.0.1:9", "bucket", "key", "secret"))
    away = replace(mall, objects=nowhere)
    job, hand = order(store), Hand(away, store, partial(Warm, away), Gone(away), warm_camera_s=0.0, stall_s=60.0)
    tried = attempt(hand, job)
    assert (tried.state, tried.attempts) == ("accepted", 0)


@dataclass
class Away(ThreadJobs):
    """A cluster that does not answer."""

    def submit(self, submission_id: str, request_id: uuid.UUID, epoch: int) -> None:
        raise StoreUnavailable("the jobs' server does not answer")


def test_a_cluster_that_is_away_is_told_and_tried_again_later(mall: Resources, store: Store) -> None:
    job = order(store)
    hand = Hand(mall, store, partial(Warm, mall), Away(mall), warm_camera_s=0.0, stall_s=60.0)
    tried = attempt(hand, job)
    assert (tried.state, tried.attempts, tried.reason) == ("accepted", 0, "the jobs' server does not answer")


@dataclass
class Gone(ThreadJobs):
    """Jobs that end at once, with nothing done."""

    def submit(self, submission_id: str, request_id: uuid.UUID, epoch: int) -> None:
        pass

    def last_words(self, submission_id: str) -> str:
        return "the object store does not answer"


def test_a_stopped_handler_gives_its_work_back_at_once_and_uncounted(
    mall: Resources, store: Store, tmp_path: Path
) -> None:
    entered = tmp_path / "entered"
    job, endless = order(store), ThreadJobs(replace(mall, load_detector=never(str(entered))))
    with working(handler(mall, JOBS_ONLY, endless)):
        assert until(entered.exists, PATIENCE_S)
    left = now(store, job)
    assert (left.state, left.attempts, endless.stopped) == ("accepted", 0, [f"mall-{left.request_id}-1"])
    with store.connection() as connection:
        assert requests.claim_one(connection, left.request_id, "next", 60.0) is not None


def test_a_handler_of_another_schema_takes_nothing_and_says_not_that_it_lives(
    mall: Resources, store: Store, postgres: PostgresServer
) -> None:
    job = order(store)
    with psycopg.connect(postgres.dsn(str(conninfo_to_dict(mall.database_dsn)["dbname"]))) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    ours = handler(mall, JOBS_ONLY)
    for step in (ours.beat, ours.take_large):
        with pytest.raises(MallError, match="9999"):
            step()
    assert now(store, job).state == "accepted"
    with store.connection() as connection:
        assert handlers.alive(connection, 60.0) == []
    ours.stop()


def test_a_request_dismissed_while_its_handler_was_dead_is_ended_by_whoever_lives(
    mall: Resources, store: Store
) -> None:
    job, left = order(store), Gone(mall)
    with store.connection() as connection:
        claim = requests.claim(connection, "dead", 60.0)
        assert claim is not None
        requests.start(connection, claim, "ray", "left-behind")
    with store.connection() as connection:
        jobs.dismiss(connection, job.job_id)
    alive = handler(replace(mall, lease_s=0.0), JOBS_ONLY, left)
    alive.keep_house()
    alive.keep_house()
    assert left.stopped == ["left-behind"]
    assert (now(store, job).state, now(store, job).submission_id) == ("dismissed", None)
    alive.stop()


def test_housekeeping_forgets_what_ended_long_ago(mall: Resources, store: Store) -> None:
    job = order(store)
    with store.connection() as connection:
        jobs.dismiss(connection, job.job_id)
        connection.execute("update extraction_request set finished_at = finished_at - interval '91 days'")
    keeper = handler(mall, JOBS_ONLY)
    keeper.keep_house()
    keeper.stop()
    with store.connection() as connection:
        assert jobs.find(connection, job.job_id) is None


@pytest.mark.parametrize(("deleted", "state", "reason"), [(1, "successful", None), (2, "failed", DELETED_MEANWHILE)])
def test_a_request_whose_video_is_deleted_meanwhile_ends_with_what_is_left(
    mall: Resources, store: Store, postgres: PostgresServer, deleted: int, state: str, reason: str | None
) -> None:
    job = order(store)
    with psycopg.connect(postgres.dsn(str(conninfo_to_dict(mall.database_dsn)["dbname"]))) as connection:
        gone = list(job.request.segment_ids)[:deleted]
        connection.execute("delete from segment where segment_id = any(%s)", [gone])
    with working(handler(mall, JOBS_ONLY)):
        ended = becomes(store, job, state)
    assert ended.reason == reason
    assert epochs(mall) == ({1} if deleted == 1 else set())
