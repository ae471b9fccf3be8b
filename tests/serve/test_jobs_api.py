"""Jobs over HTTP: ordering, watching, fetching, giving up."""

import json
import uuid

import httpx
import pytest

from models.world.errors import StoreUnavailable
from serve.presentation.jobs import has_changed
from sql.keys import Caller
from tests.serve.http import http_to
from tests.serve.mall import ASKED, HOUR, KEY, QUESTIONS, MemoryRecords, app_over, caller_of, covering, minutes
from tests.serve.orders import MemoryOrders
from tests.serve.test_api import check_problem

ASYNC = {"Prefer": "respond-async, wait=5"}


def half_known() -> MemoryRecords:
    return MemoryRecords(rows=[(20, 31.5, 30.0)], coverage=[covering("cam2", [HOUR], [minutes(0, 30)])])


def http_over(records: MemoryRecords, orders: MemoryOrders | None = None) -> httpx.Client:
    return http_to(app_over(records, orders))


def order(http: httpx.Client, question: str = "average-distance", **more: object) -> httpx.Response:
    return http.post(f"/processes/{question}/execution", json={"inputs": ASKED, **more}, headers=ASYNC)


def events_of(response: httpx.Response) -> list[dict[str, object]]:
    """The documents of the stream's `status` events."""
    pieces = [piece.splitlines() for piece in response.text.split("\n\n") if "event: status" in piece]
    return [json.loads(line.removeprefix("data: ")) for piece in pieces for line in piece if line.startswith("data: ")]


def test_an_order_is_created_with_its_address_and_status() -> None:
    created = order(http_over(half_known(), MemoryOrders(rate=15.0)))
    assert created.status_code == 201
    assert created.headers["preference-applied"] == "respond-async"
    status = created.json()
    assert created.headers["location"] == f"/jobs/{status['jobID']}"
    expected = {
        "processID": "average-distance",
        "type": "process",
        "status": "accepted",
        "progress": 0,
        "camera_hours": 0.5,
        "camera_hours_done": 0.0,
        "eta_s": 120.0,
        "eta": "2026-11-24T18:02:00+00:00",
        "segments": {"total": 1, "done": 0, "quarantined": 0},
        "inputs": ASKED,
        "created": "2026-11-24T18:00:00+00:00",
    }
    assert {name: status[name] for name in expected} == expected
    assert "started" not in status
    assert "finished" not in status


def test_the_preference_changes_nothing_for_what_is_known_or_wrong() -> None:
    http = http_over(MemoryRecords(rows=[(20, 31.5, 30.0)]))
    known = order(http)
    assert (known.status_code, known.json()["question"]) == (200, "average-distance")
    assert "preference-applied" not in known.headers
    check_problem(order(http, "nothing"), 404, "unknown-question")


def test_without_the_preference_and_by_links_nothing_is_ever_ordered() -> None:
    orders = MemoryOrders()
    http = http_over(half_known(), orders)
    check_problem(http.post("/processes/paths/execution", json={"inputs": ASKED}), 409, "not-extracted")
    check_problem(http.get("/questions/paths.json", params=ASKED, headers=ASYNC), 409, "not-extracted")
    assert orders.requests == {}


def test_a_job_is_followed_by_polling_to_its_answer() -> None:
    records, orders = half_known(), MemoryOrders()
    http = http_over(records, orders)
    where = order(http).headers["location"]
    problem = http.get(f"{where}/results")
    assert (problem.status_code, problem.headers["content-type"]) == (404, "application/problem+json")
    assert problem.json()["type"] == ("http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/result-not-ready")
    orders.run(0.25, after_s=30)
    running = http.get(where).json()
    assert (running["status"], running["progress"], running["camera_hours_done"], running["eta_s"]) == (
        "running",
        25,
        0.125,
        90.0,
    )
    assert running["started"] == "2026-11-24T18:00:00+00:00"
    records.coverage = [covering("cam2", [HOUR], [HOUR])]
    orders.succeed()
    done = http.get(where).json()
    assert (done["status"], done["progress"], done["eta"]) == ("successful", 100, None)
    (link,) = (one for one in done["links"] if one["rel"].endswith("/rel/ogc/1.0/results"))
    answer = http.get(link["href"])
    assert answer.json() == http.get("/questions/average-distance.json", params=ASKED).json()
    assert [one["jobID"] for one in http.get("/jobs").json()["jobs"]] == [done["jobID"]]


def test_events_tell_each_change_once_and_end_with_the_job() -> None:
    orders = MemoryOrders()
    http = http_over(half_known(), orders)
    where = order(http).headers["location"]
    orders.script = [
        lambda _: None,
        lambda _: None,
        lambda one: one.run(0.25),
        lambda _: None,
        lambda one: one.run(0.25, after_s=9),  # only the time left has changed
        lambda one: one.run(0.5),
        lambda one: one.succeed(),
    ]
    response = http.get(f"{where}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.text.startswith("retry: ")
    told = events_of(response)
    assert [(one["status"], one["progress"]) for one in told] == [
        ("accepted", 0),
        ("running", 25),
        ("running", 50),
        ("successful", 100),
    ]
    assert not has_changed(told[-1], http.get(where).json())


@pytest.mark.parametrize("ending", ["fail", "dismiss"])
def test_events_end_also_when_the_job_does_not_end_well(ending: str) -> None:
    orders = MemoryOrders()
    http = http_over(half_known(), orders)
    where = order(http).headers["location"]
    job_id = uuid.UUID(where.rpartition("/")[2])
    orders.script = [lambda _: None, lambda one: one.fail("no") if ending == "fail" else one.dismiss(job_id)]
    told = events_of(http.get(f"{where}/events"))
    assert [one["status"] for one in told] == ["accepted", {"fail": "failed", "dismiss": "dismissed"}[ending]]


def test_a_stream_outlives_a_store_that_is_away_for_a_while() -> None:
    orders = MemoryOrders()
    http = http_over(half_known(), orders)
    where = order(http).headers["location"]

    def away(_: MemoryOrders) -> None:
        raise StoreUnavailable("gone fishing")

    orders.script = [lambda _: None, away, away, lambda one: one.succeed()]
    assert [one["status"] for one in events_of(http.get(f"{where}/events"))] == ["accepted", "successful"]


def test_a_failed_job_tells_why_and_a_dismissed_one_is_gone() -> None:
    orders = MemoryOrders()
    http = http_over(half_known(), orders)
    failed = order(http).headers["location"]
    orders.fail("the cluster has 0 CPUs for 2 stages")
    problem = check_problem(http.get(f"{failed}/results"), 500, "extraction-failed")
    assert problem["detail"] == http.get(failed).json()["message"] == "the cluster has 0 CPUs for 2 stages"
    given_up = order(http).headers["location"]
    assert http.delete(given_up).json()["status"] == "dismissed"
    assert http.delete(given_up).json()["status"] == "dismissed"
    check_problem(http.get(f"{given_up}/results"), 410, "dismissed")


def test_a_job_of_somebody_else_is_not_found_on_any_route() -> None:
    records = half_known()
    records.callers["their-key"] = caller_of("aggregates", "extract")
    records.callers[KEY] = Caller("me", records.callers[KEY].permissions)
    app = app_over(records)
    theirs = order(http_to(app, "their-key")).headers["location"]
    http = http_to(app)
    for where in (theirs, f"/jobs/{uuid.uuid4()}", "/jobs/7"):
        for method, path in (("GET", ""), ("GET", "/results"), ("GET", "/events"), ("DELETE", "")):
            problem = http.request(method, where + path)
            assert problem.status_code == 404
            assert problem.json()["type"].endswith("/no-such-job")
    assert http.get("/jobs").json()["jobs"] == []
    assert http_to(app, "their-key").get(theirs).json()["status"] == "accepted"


def test_a_subscriber_is_kept_by_the_names_of_the_store() -> None:
    orders = MemoryOrders()
    subscriber = {"successUri": "https://shop.example/done?id=1", "failedUri": "http://shop.example:8080/failed"}
    created = order(http_over(half_known(), orders), subscriber=subscriber)
    assert orders.callbacks[uuid.UUID(created.json()["jobID"])] == {
        "success_uri": "https://shop.example/done?id=1",
        "failed_uri": "http://shop.example:8080/failed",
    }


@pytest.mark.parametrize(
    "subscriber",
    [
        "https://shop.example/done",
        {"successUri": "ftp://shop.example/done"},
        {"successUri": "file:///etc/passwd"},
        {"successUri": "https://"},
        {"successUri": "https://user:secret@shop.example/done"},
        {"successUri": "https://shop.example:99999/"},
        {"successUri": "https://[::1/"},
        {"successUri": "https://shop.example/a b"},
        {"successUri": "https://shop.example/\r\nX: y"},
        {"successUri": "https://shop.example/" + "x" * 3000},
        {"successUri": 7},
        {"doneUri": "https://shop.example/done"},
    ],
)
def test_a_subscriber_that_cannot_be_told_is_refused_at_once(subscriber: object) -> None:
    orders = MemoryOrders()
    problem = check_problem(order(http_over(half_known(), orders), subscriber=subscriber), 400, "bad-parameter")
    assert problem["parameter"] == "subscriber"
    assert "secret" not in str(problem["detail"])
    assert orders.requests == {}


def test_every_question_says_that_it_can_be_ordered() -> None:
    http = http_over(half_known())
    for question in QUESTIONS:
        assert "async-execute" in http.get(f"/processes/{question}").json()["jobControlOptions"]
    paths = http.get("/openapi.json").json()["paths"]
    assert "201" in paths["/processes/paths/execution"]["post"]["responses"]
    assert {"get", "delete"} <= set(paths["/jobs/{job_id}"])
    names = [uri.rpartition("/")[2] for uri in http.get("/conformance").json()["conformsTo"]]
    assert {"job-list", "callback", "dismiss"} <= set(names)


@pytest.mark.parametrize("limit", ["0", "101", "many"])
def test_a_list_has_a_sensible_length(limit: str) -> None:
    check_problem(http_over(half_known()).get("/jobs", params={"limit": limit}), 400, "bad-input")
