"""How the service bears itself: readiness, figures, back-pressure, drain."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import structlog
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from models.world.errors import MallError, StoreUnavailable
from serve.api.back_pressure import BackPressure
from serve.api.errors import overloaded
from serve.api.events import Pace, changes
from serve.api.metrics import Remembered
from serve.api.readiness import Probe
from sql.figures import Figures
from tests.serve.http import http_to
from tests.serve.mall import ASKED, HOUR, KEY, MemoryRecords, app_over, covering, everything, jobs_over
from tests.serve.orders import MemoryOrders
from tests.serve.test_api import check_problem


def half_known() -> MemoryRecords:
    return MemoryRecords(rows=[(20, 31.5, 30.0)], coverage=[covering("cam2", [HOUR], [])])


def readyz(probes: dict[str, Probe], probe_s: float = 3.0) -> httpx.Response:
    app = app_over(MemoryRecords(), probe_s=probe_s)
    app.state.probes = probes
    return http_to(app, None).get("/readyz")


def broken() -> str:
    raise RuntimeError("password=hunter2")


def absent() -> str:
    raise MallError("nobody answers")


def test_what_is_known_can_be_answered_without_handler_and_object_store() -> None:
    ready = readyz({"database": lambda: "answers", "schema": lambda: "0002", "s3": absent, "handler": absent})
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert ready.json()["checks"]["s3"] == {"ok": False, "why": "nobody answers"}
    assert ready.json()["checks"]["schema"] == {"ok": True, "why": "0002"}


@pytest.mark.parametrize("name", ["database", "schema"])
def test_nothing_can_be_answered_without_the_store(name: str) -> None:
    ready = readyz({"database": lambda: "answers", "schema": lambda: "0002", name: absent})
    assert (ready.status_code, ready.json()["ready"]) == (503, False)


def test_a_broken_probe_is_a_failure_that_tells_nothing_of_the_inside() -> None:
    with structlog.testing.capture_logs() as lines:
        ready = readyz({"ray": broken})
    assert ready.json()["checks"]["ray"]["ok"] is False
    assert "hunter2" not in ready.text
    assert [line["event"] for line in lines] == ["probe failed", "request"]


def test_a_probe_that_hangs_does_not_hang_the_rest() -> None:
    hanging = threading.Event()
    try:
        ready = readyz({"database": lambda: "answers", "ray": lambda: str(hanging.wait(30))}, probe_s=0.5)
    finally:
        hanging.set()
    assert ready.json()["ready"] is True
    assert "no answer within" in ready.json()["checks"]["ray"]["why"]


def figures(app: FastAPI, key: str = KEY) -> dict[tuple[str, ...], float]:
    """Every sample by its name and its labels' values, but for the replica's name."""
    text = http_to(app, key).get("/metrics").text
    return {
        (sample.name, *(value for label, value in sorted(sample.labels.items()) if label != "replica")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_figures_count_questions_by_how_they_ended_and_time_them() -> None:
    app = app_over(half_known())
    http = http_to(app)
    for question in ("average-distance", "average-distance", "paths; drop table", "x" * 50):
        http.get(f"/questions/{question}.json", params=ASKED)
    http.post("/processes/paths/execution", json={"inputs": ASKED}, headers={"Prefer": "respond-async"})
    found = figures(app)
    assert found["mall_questions_total", "not-extracted", "average-distance"] == 2
    assert found["mall_questions_total", "unknown-question", "unknown"] == 2
    assert found["mall_question_seconds_count", "average-distance"] == 2
    assert found["mall_orders_total", "ordered"] == 1
    assert found["mall_jobs", "accepted"] == 1
    assert found["mall_requests", "accepted"] == 1
    assert found["mall_queue_oldest_seconds",] == 12
    assert found["mall_segments", "done"] == 3
    assert found["mall_camera_hours", "done"] == 1.5
    assert found["mall_store_up",] == 1


def test_the_figures_are_told_also_while_the_store_is_away() -> None:
    app = app_over(MemoryRecords(), MemoryOrders(failure=StoreUnavailable("gone")))
    found = figures(app)
    assert found["mall_store_up",] == 0
    assert ("mall_jobs", "accepted") not in found


def test_the_figures_need_a_key() -> None:
    check_problem(http_to(app_over(MemoryRecords()), None).get("/metrics"), 401, "unknown-key")


async def crowd(paths: list[str], *, requests: int, streams: int) -> list[httpx.Response]:
    """What so many clients get who all come while nobody has been served yet."""
    served = asyncio.Event()

    async def slow(scope: dict[str, object], receive: object, send: object) -> None:
        await served.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    guarded = BackPressure(slow, requests, streams, overloaded)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(guarded)
    async with httpx.AsyncClient(transport=transport, base_url="http://mall.test") as http:
        asked = [asyncio.ensure_future(http.get(path)) for path in paths]
        refused = [one for one in asked if await _ended(one)]
        served.set()
        await asyncio.gather(*asked)
        assert all(one.result().status_code == 503 for one in refused)
        again = await http.get(paths[0])
    return [*(one.result() for one in asked), again]


async def _ended(asked: "asyncio.Future[httpx.Response]") -> bool:
    """Whether it is answered although nobody is served yet; a refusal needs no more than a few turns of the loop."""
    for _ in range(50):
        await asyncio.sleep(0)
    return asked.done()


def test_more_at_once_than_one_process_takes_is_refused_at_once() -> None:
    answers = asyncio.run(crowd(["/questions/paths.json"] * 5, requests=3, streams=0))
    assert [one.status_code for one in answers] == [200, 200, 200, 503, 503, 200]
    refused = answers[3]
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"].endswith(":busy")


def test_open_streams_take_no_place_from_questions_and_health_is_always_told() -> None:
    paths = ["/jobs/1/events", "/jobs/2/events", "/questions/paths.json", "/healthz", "/metrics"]
    answers = asyncio.run(crowd(paths, requests=1, streams=1))
    assert [one.status_code for one in answers] == [200, 503, 200, 200, 200, 200]


def test_an_order_in_a_full_queue_is_sent_away_with_a_time() -> None:
    records, orders = half_known(), MemoryOrders()
    http = http_to(app_over(records, orders, max_queued=1))
    for camera, status in (("cam2", 201), ("cam1", 429)):
        records.coverage = [covering(camera, [HOUR], [])]
        answer = http.post("/processes/paths/execution", json={"inputs": ASKED}, headers={"Prefer": "respond-async"})
        assert answer.status_code == status
    check_problem(answer, 429, "busy")
    assert answer.headers["retry-after"] == "30"


def test_over_budget_is_refused_with_both_figures() -> None:
    answer = http_to(app_over(half_known(), budget_camera_hours=0.25)).post(
        "/processes/paths/execution", json={"inputs": ASKED}, headers={"Prefer": "respond-async"}
    )
    problem = check_problem(answer, 422, "over-budget")
    assert (problem["camera_hours"], problem["budget_camera_hours"]) == (1.0, 0.25)


def test_a_stream_ends_when_the_application_shuts_down() -> None:
    app = app_over(half_known())
    http = http_to(app)
    where = http.post(
        "/processes/paths/execution", json={"inputs": ASKED}, headers={"Prefer": "respond-async"}
    ).headers["location"]
    desk = app.state.jobs

    async def live() -> list[bytes]:
        async with app.router.lifespan_context(app):
            first = desk.standing(where.rpartition("/")[2], everything())
            stream = changes(first, lambda: first, Pace(look_s=0.0), app.state.stopping)
            pieces = [await anext(stream)]
        return pieces + [piece async for piece in stream]

    assert len(asyncio.run(live())) == 1


def test_a_stream_that_has_nothing_to_tell_says_so_and_ends_after_a_while() -> None:
    orders = MemoryOrders()
    desk = jobs_over(half_known(), orders)
    first = desk.ask("paths", ASKED, everything())
    pace = Pace(look_s=0.0, silent_s=0.02, longest_s=0.2)

    async def pieces() -> list[bytes]:
        return [piece async for piece in changes(first, lambda: first, pace, threading.Event())]

    told = asyncio.run(pieces())
    assert set(told[1:]) == {b": nothing new\n\n"}


def test_sums_over_all_recordings_are_asked_for_once_in_a_while_however_many_scrape() -> None:
    asked: list[Figures] = []
    clock = [0.0]

    def ask() -> Figures:
        asked.append(MemoryOrders().figures())
        return asked[-1]

    remembered = Remembered(ask, 15.0, lambda: clock[0])
    with ThreadPoolExecutor(8) as threads:
        assert len(set(map(id, threads.map(lambda _: remembered(), range(20))))) == 1
    assert len(asked) == 1
    clock[0] = 15.0
    remembered()
    assert len(asked) == 2


def test_a_store_that_was_away_is_asked_again_at_once() -> None:
    orders = MemoryOrders(failure=StoreUnavailable("gone"))
    remembered = Remembered(orders.figures, 15.0)
    with pytest.raises(StoreUnavailable):
        remembered()
    orders.failure = None
    assert remembered() == orders.figures()
