"""Jobs over the real store with the production roles; the test itself plays the handler."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from models.world.errors import BadWindow, Dismissed, ExtractionFailed, NotAllowed, NotExtracted, OverBudget, UnknownJob
from serve.api.events import Pace
from serve.app import ServeArgs, application
from serve.client import Job, Mall
from sql import handlers, keys, ledger, requests, videos
from sql.requests import RequestClaim
from sql.store import Store
from tests.conftest import Database
from tests.serve.http import InMemory, http_to
from tests.serve.test_manners import figures
from tests.sql.mall import TEN, load, segment

ELEVEN = TEN + timedelta(hours=1)
UNKNOWN = {"from": ELEVEN, "to": ELEVEN + timedelta(minutes=30)}
EXTRACTOR = "mall-people-1"
BUDGET_H = 1.0
SHORT = Pace(look_s=0.01, longest_s=0.2)
"""In memory a stream arrives as a whole when it has ended."""


@pytest.fixture
def key(admin: Store, filled: Store) -> str:
    with admin.connection() as connection:
        return keys.create(connection, "tester")


@pytest.fixture
def recorded(ingest: Store, filled: Store) -> list[UUID]:
    """A quarter of an hour of both cameras from eleven o'clock on, not extracted."""
    found = [segment(camera, ELEVEN, minutes=15, content=camera[-1]) for camera in ("cam1", "cam2")]
    with ingest.connection() as connection:
        for one in found:
            videos.add(connection, one)
    return [one.segment_id for one in found]


@pytest.fixture
def app(database: Database, key: str) -> Iterator[FastAPI]:
    args = ServeArgs(
        database_read=database.read_dsn, min_group=1, pool_size=8, budget_camera_hours=BUDGET_H, figures_every_s=0
    )
    made = application(args)
    made.state.manners = replace(made.state.manners, pace=SHORT)
    yield made
    made.state.jobs.desk.records.close()


@pytest.fixture
def mall(app: FastAPI, key: str, recorded: list[UUID]) -> Mall:
    return Mall("http://mall.test", key, transport=InMemory(app), poll_s=0.0)


def other(app: FastAPI, admin: Store, name: str = "other", permissions: tuple[str, ...] = keys.PERMISSIONS[:3]) -> Mall:
    with admin.connection() as connection:
        key = keys.create(connection, name, permissions)
    return Mall("http://mall.test", key, transport=InMemory(app), poll_s=0.0)


def ordered(mall: Mall, question: str = "average-distance") -> Job:
    found = mall.order(question, **UNKNOWN)
    assert isinstance(found, Job)
    return found


def started(ingest: Store) -> RequestClaim:
    """The handler has claimed the next request and works on it."""
    with ingest.connection() as connection:
        handlers.beat(connection, "test", "1")
        claim = requests.claim(connection, "test", 60)
        assert claim is not None
        assert requests.start(connection, claim, "warm", None)
    return claim


def extracted(ingest: Store, segment_ids: list[UUID]) -> None:
    with ingest.connection() as connection:
        for held in ledger.claim_extractions(connection, segment_ids, EXTRACTOR, "test", 60):
            ledger.finish_extraction(connection, held, f"raw/{held.segment_id}/1", 1, 1)


def succeeded(ingest: Store, claim: RequestClaim) -> None:
    """The hour is loaded with its coverage, and the request ends."""
    load(ingest, ELEVEN, ())
    with ingest.connection() as connection:
        assert requests.succeed(connection, claim)


def test_from_the_order_over_events_to_the_full_answer(
    app: FastAPI, mall: Mall, key: str, ingest: Store, recorded: list[UUID]
) -> None:
    job = ordered(mall)
    assert (job.status, job.camera_hours) == ("accepted", 0.5)
    assert "nothing that extracts is alive" in job.message
    claim = started(ingest)
    extracted(ingest, recorded[:1])
    half = mall.job(job.id)
    assert (half.status, half.percent, half.camera_hours_done) == ("running", 50, 0.25)
    assert half.eta_s is not None
    stream = iter(mall.follow(job.id))
    assert next(stream).percent == 50
    extracted(ingest, recorded[1:])
    succeeded(ingest, claim)
    assert list(stream)[-1].status == "successful"
    answer = mall.results(job.id)
    assert answer.passport["camera_hours"] == 2 * 0.5
    assert answer.result == mall.ask("average-distance", **UNKNOWN).result
    events = http_to(app, key).get(f"/jobs/{job.id}/events").text
    (told,) = [json.loads(line[6:]) for line in events.splitlines() if line.startswith("data: ")]
    assert (told["status"], told["segments"]) == ("successful", {"total": 2, "done": 2, "quarantined": 0})


def test_waiting_gives_the_answer_when_the_handler_has_done_its_work(
    mall: Mall, ingest: Store, recorded: list[UUID]
) -> None:
    told: list[Job] = []

    def work(job: Job) -> None:
        if not told:
            claim = started(ingest)
            extracted(ingest, recorded)
            succeeded(ingest, claim)
        told.append(job)

    answer = mall.ask("average-distance", wait=True, on_progress=work, **UNKNOWN)
    assert answer.rows[0]["people"] == 0
    assert (told[0].status, told[-1].status) == ("accepted", "successful")


def test_fifty_equal_orders_at_once_are_fifty_jobs_of_one_request(
    app: FastAPI, key: str, mall: Mall, admin: Store
) -> None:
    together = threading.Barrier(50)
    given = {name: time.isoformat() for name, time in UNKNOWN.items()}

    def one(_: int) -> httpx.Response:
        http = http_to(app, key)
        together.wait(timeout=60)
        return http.post(
            "/processes/average-distance/execution", json={"inputs": given}, headers={"Prefer": "respond-async"}
        )

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(one, range(50)))
    busy = [answer for answer in answers if answer.status_code == 503]
    assert all("retry-after" in answer.headers for answer in busy)
    made = [answer.json()["jobID"] for answer in answers if answer.status_code == 201]
    assert len(made) + len(busy) == 50
    made += [ordered(mall).id for _ in busy]  # they come back, as they were told
    with admin.connection() as connection:
        assert connection.execute("select count(*) from extraction_request").fetchone() == (1,)
        assert connection.execute("select count(*) from job").fetchone() == (50,)
    assert len(set(made)) == 50


def test_the_job_of_somebody_else_does_not_exist(app: FastAPI, mall: Mall, admin: Store) -> None:
    job = ordered(other(app, admin))
    curious = other(app, admin, "curious")
    for act in (curious.job, curious.results, curious.cancel):
        with pytest.raises(UnknownJob):
            act(job.id)
    assert curious.jobs() == []
    assert mall.job(job.id).status == "accepted"  # the first key may operate the mall
    assert [one.id for one in mall.jobs()] == [job.id]


def test_an_order_over_the_budget_is_refused_with_the_figure(mall: Mall, ingest: Store, admin: Store) -> None:
    with ingest.connection() as connection:
        videos.add(connection, segment("cam1", ELEVEN + timedelta(hours=1), minutes=60, content="f"))
    long = {**UNKNOWN, "to": ELEVEN + timedelta(hours=3)}
    with pytest.raises(OverBudget, match=r"1\.50 camera-hours") as refused:
        mall.ask("average-distance", wait=True, **long)
    assert refused.value.budget_camera_hours == BUDGET_H
    with admin.connection() as connection:
        assert connection.execute("select count(*) from extraction_request").fetchone() == (0,)


def test_a_window_half_in_the_future_is_refused_and_nothing_ordered(mall: Mall, admin: Store) -> None:
    with pytest.raises(BadWindow, match="future"):
        mall.ask("average-distance", wait=True, **{**UNKNOWN, "to": datetime.now(UTC) + timedelta(hours=1)})
    with admin.connection() as connection:
        assert connection.execute("select count(*) from job").fetchone() == (0,)


def test_giving_up_ends_the_extraction_only_with_the_last_who_waits(
    app: FastAPI, mall: Mall, admin: Store, ingest: Store
) -> None:
    mine, theirs = ordered(mall), ordered(friend := other(app, admin))
    claim = started(ingest)
    assert mall.cancel(mine.id).status == "dismissed"
    with ingest.connection() as connection:
        assert requests.renew(connection, claim, 60)
    assert friend.job(theirs.id).status == "running"
    assert friend.cancel(theirs.id).status == "dismissed"
    with ingest.connection() as connection:
        assert not requests.renew(connection, claim, 60)
    with pytest.raises(Dismissed):
        friend.results(theirs.id)
    again = ordered(mall)
    assert (again.status, again.id != mine.id) == ("accepted", True)


def test_what_fails_for_good_raises_its_reason(mall: Mall, ingest: Store) -> None:
    job = ordered(mall)
    claim = started(ingest)
    with ingest.connection() as connection:
        requests.fail(connection, claim, "the cluster has 0 CPUs for 2 stages")
    with pytest.raises(ExtractionFailed, match="0 CPUs"):
        mall.results(job.id)


def test_ordering_needs_its_permission(app: FastAPI, mall: Mall, admin: Store) -> None:
    reader = other(app, admin, "reader", ("aggregates", "individuals"))
    with pytest.raises(NotAllowed, match="extract"):
        reader.ask("average-distance", wait=True, **UNKNOWN)
    with pytest.raises(NotExtracted):
        reader.ask("average-distance", **UNKNOWN)


def test_coverage_tells_what_is_at_work(mall: Mall, ingest: Store, recorded: list[UUID]) -> None:
    assert mall.coverage(**UNKNOWN)["camera_hours"]["working"] == 0
    ordered(mall)
    assert mall.coverage(**UNKNOWN)["camera_hours"] == {"recorded": 0.5, "covered": 0, "missing": 0.5, "working": 0.5}
    claim = started(ingest)
    extracted(ingest, recorded)
    succeeded(ingest, claim)
    assert mall.coverage(**UNKNOWN)["camera_hours"]["working"] == 0


def test_a_segment_in_a_workers_hand_is_at_work_without_a_request(
    mall: Mall, ingest: Store, recorded: list[UUID]
) -> None:
    with ingest.connection() as connection:
        ledger.claim_extractions(connection, recorded[:1], EXTRACTOR, "backfill", 60)
        ledger.claim_extractions(connection, recorded[1:], EXTRACTOR, "dead", -1)
    shown = {one["camera"]: one["working"] for one in mall.coverage(**UNKNOWN)["cameras"]}
    assert (len(shown["cam1"]), len(shown["cam2"])) == (1, 0)


def test_the_figures_tell_jobs_queue_work_and_lag(
    app: FastAPI, mall: Mall, ingest: Store, recorded: list[UUID]
) -> None:
    ordered(mall)
    ordered(mall, "people")
    waiting = _figures(app, mall)
    assert waiting["mall_jobs", "accepted"] == 2
    assert waiting["mall_requests", "accepted"] == 1
    assert waiting["mall_queue_camera_hours",] == 0.5
    assert waiting["mall_lag_seconds",] == pytest.approx((datetime.now(UTC) - ELEVEN).total_seconds(), abs=60)
    claim = started(ingest)
    extracted(ingest, recorded)
    succeeded(ingest, claim)
    done = _figures(app, mall)
    assert done["mall_jobs", "successful"] == 2
    assert done["mall_segments", "done"] == 2
    assert done["mall_camera_hours", "done"] == 0.5
    assert done["mall_requests", "accepted"] == 0


def _figures(app: FastAPI, mall: Mall) -> dict[tuple[str, ...], float]:
    return figures(app, mall._http.headers["authorization"].removeprefix("Bearer "))


def test_an_order_is_linked_to_its_request_in_the_audit(app: FastAPI, key: str, mall: Mall, admin: Store) -> None:
    given = {name: time.isoformat() for name, time in UNKNOWN.items()}
    headers = {"Prefer": "respond-async", "X-Request-ID": "trace-9"}
    made = http_to(app, key).post("/processes/paths/execution", json={"inputs": given}, headers=headers).json()
    with admin.connection() as connection:
        rows = connection.execute(
            "select action, outcome, inputs ->> 'job' from audit where request_id = 'trace-9' order by audit_id"
        ).fetchall()
    assert rows == [("ask", "not-extracted", None), ("order", "ordered", made["jobID"])]
