import csv
import io
import json
import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.world.errors import StoreUnavailable
from models.world.places import Georeference
from tests.serve.http import http_to
from tests.serve.mall import (
    ASKED,
    HOUR,
    KEY,
    NOON,
    QUESTIONS,
    MemoryRecords,
    app_over,
    caller_of,
    covering,
    minutes,
    northgate,
)

ANNA = uuid.UUID("0193a1b2-c3d4-8e5f-8a1b-2c3d4e5f6071")
BEN = uuid.UUID("0193a1b2-c3d4-8e5f-8a1b-2c3d4e5f6072")
OPEN = ("/", "/healthz", "/readyz", "/openapi.json", "/docs", "/conformance")
PATHS = [
    (ANNA, 0, NOON, 1.0, 2.0, 1),
    (ANNA, 0, NOON + timedelta(seconds=1), 2.0, 2.0, 1),
    (ANNA, 0, NOON + timedelta(seconds=1), 2.0, 2.0, 1),
    (ANNA, 0, NOON + timedelta(seconds=2), 3.0, 2.5, 1),
    (ANNA, 1, NOON + timedelta(seconds=9), 3.0, 2.5, 1),
    (BEN, 0, NOON, 5.0, 5.0, 1),
    (BEN, 0, NOON + timedelta(seconds=5), 5.0, 9.0, 1),
]


def http_over(records: MemoryRecords | None = None, key: str | None = KEY) -> httpx.Client:
    return http_to(app_over(records or MemoryRecords(rows=[(20, 31.5, 30.0)])), key)


def execute(http: httpx.Client, question: str, **inputs: object) -> httpx.Response:
    return http.post(f"/processes/{question}/execution", json={"inputs": inputs})


def check_problem(response: httpx.Response, status: int, word: str) -> dict[str, object]:
    """A problem document that says all it should; also for the tests of the other routes."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"].endswith(f":{word}")
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["instance"] == response.request.url.path
    assert problem["title"]
    assert "\n" not in problem["detail"]
    return dict(problem)


def test_a_known_question_is_answered_with_its_passport_by_execution_and_by_link() -> None:
    http = http_over()
    by_post = execute(http, "average-distance", **ASKED)
    by_link = http.get("/questions/average-distance.json", params=ASKED)
    assert by_post.status_code == by_link.status_code == 200
    answer = by_post.json()
    assert list(answer) == ["question", "inputs", "passport", "result"]
    assert answer["result"]["rows"] == [{"people": 20, "average_distance_m": 31.5, "median_distance_m": 30.0}]
    assert answer["inputs"]["from"] == "2026-11-24T12:00:00+00:00"
    assert answer["passport"]["window"] == {"from": "2026-11-24T12:00:00+00:00", "to": "2026-11-24T13:00:00+00:00"}
    assert answer == by_link.json()


def test_times_without_offset_are_in_the_time_of_the_mall() -> None:
    records = MemoryRecords(rows=[(20, 31.5, 30.0)])
    response = execute(http_over(records), "average-distance", **{"from": "2026-11-24T13:00", "to": "2026-11-24T14:00"})
    assert response.json()["passport"]["window"]["from"] == "2026-11-24T12:00:00+00:00"


@pytest.mark.parametrize("prefer", [{}, {"Prefer": "wait=10"}, {"Prefer": 'x="a, respond-async"'}])
def test_an_unprocessed_window_is_a_conflict_that_names_the_missing_camera_hours(prefer: dict[str, str]) -> None:
    http = http_over(MemoryRecords(coverage=[covering("cam2", [HOUR], [minutes(0, 30)])]))
    response = http.post("/processes/paths/execution", json={"inputs": ASKED}, headers=prefer)
    problem = check_problem(response, 409, "not-extracted")
    assert problem["camera_hours"] == 0.5
    assert problem["missing"] == [
        {"camera": "cam2", "from": "2026-11-24T12:30:00+00:00", "to": "2026-11-24T13:00:00+00:00"}
    ]
    assert "mall extract" in str(problem["detail"])


def test_a_window_without_video_is_not_found_and_says_what_is_recorded() -> None:
    problem = check_problem(
        http_over(MemoryRecords(coverage=[])).get("/questions/people.json", params=ASKED), 404, "no-video"
    )
    assert "mall ingest" in str(problem["detail"])


@pytest.mark.parametrize(
    ("question", "changed", "status", "word", "parameter"),
    [
        ("average-distance", {"to": "2999-01-01T00:00Z"}, 400, "bad-window", None),
        ("average-distance", {"from": "soon"}, 400, "bad-parameter", "from"),
        ("average-distance", {"from": 7.5}, 400, "bad-parameter", "from"),
        ("average-distance", {"from": ["a", "b"]}, 400, "bad-parameter", "from"),
        ("average-distance", {"until": "x"}, 400, "bad-parameter", "until"),
        ("average-distance", {"attribute": "shirt:blue' or '1'='1"}, 400, "bad-parameter", "attribute"),
        ("paths", {"floor": "ground"}, 400, "bad-parameter", "floor"),
        ("paths", {"section": "x'; drop table person; --"}, 404, "unknown-section", None),
        ("paths; drop table person", {}, 404, "unknown-question", None),
        ("nothing", {}, 404, "unknown-question", None),
    ],
)
def test_bad_input_is_one_clear_problem_by_execution_and_by_link(
    question: str, changed: dict[str, object], status: int, word: str, parameter: str | None
) -> None:
    http = http_over()
    inputs = {**ASKED, **changed}
    by_post = http.post(f"/processes/{question}/execution", json={"inputs": inputs})
    by_link = http.get(f"/questions/{question}.json", params=inputs)
    for response in (by_post, by_link):
        assert check_problem(response, status, word).get("parameter") == parameter


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"", 400, "bad-input"),
        (b"from=now", 400, "bad-input"),
        (b"[1, 2]", 400, "bad-input"),
        (b'{"inputs": {"from": "a", "from": "b"}}', 400, "bad-input"),
        (b'{"inputs": {"floor": NaN}}', 400, "bad-input"),
        (b"[" * 60_000, 400, "bad-input"),
        (b"\xff\xfe", 400, "bad-input"),
        (b"1" * 60_000, 400, "bad-input"),
        (b'{"inputs": ["from"]}', 400, "bad-parameter"),
        (b" " * 70_000, 413, "bad-input"),
    ],
)
def test_a_body_that_is_no_request_is_refused(body: bytes, status: int, word: str) -> None:
    check_problem(http_over().post("/processes/paths/execution", content=body), status, word)


@pytest.mark.parametrize("path", OPEN)
def test_what_tells_no_secrets_needs_no_key(path: str) -> None:
    assert http_over(key=None).get(path).status_code == 200


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer wrong", "Basic YTpi", "bearer \x7f", "Bearer " + "x" * 9000]
)
def test_every_other_route_needs_a_key_that_somebody_holds(header: str | None) -> None:
    app = app_over(MemoryRecords())
    described = app.openapi()["paths"]
    http = http_to(app, None)
    tried = 0
    for path, methods in described.items():
        if path in OPEN:
            continue
        for method in methods:
            url = path.replace("{suffix}", "json").replace("{question}", "paths")
            response = http.request(method.upper(), url, headers={"Authorization": header} if header else {})
            check_problem(response, 401, "unknown-key")
            assert response.headers["www-authenticate"].startswith("Bearer")
            tried += 1
    assert tried >= 2 * len(QUESTIONS) + 3


def test_a_key_without_the_permission_is_forbidden_with_the_reason() -> None:
    records = MemoryRecords(callers={KEY: caller_of("cleaning")})
    problem = check_problem(http_over(records).get("/questions/paths.json", params=ASKED), 403, "not-allowed")
    assert "cleaning" in str(problem["detail"])


def test_csv_has_a_header_and_cannot_run_as_a_formula() -> None:
    at = NOON + timedelta(minutes=10)
    records = MemoryRecords(
        rows=[("=cmd|' /C calc'!A0", at, None), ("@x", at, -3), ("+1", at, 5), ("fine, really", at, 7)]
    )
    asked = {"section": "food-court", "at": at.isoformat()}
    response = http_over(records).get("/questions/people-in-section.csv", params=asked)
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["content-disposition"] == 'attachment; filename="people-in-section_2026-11-24.csv"'
    header, *rows = csv.reader(io.StringIO(response.text))
    assert header == ["section", "at", "people"]
    assert [row[0] for row in rows] == ["'=cmd|' /C calc'!A0", "'@x", "'+1", "fine, really"]
    assert [row[2] for row in rows] == ["", "-3", "5", "7"]
    assert rows[0][1] == "2026-11-24T12:10:00+00:00"


def test_csv_and_geojson_link_to_their_passport() -> None:
    records = MemoryRecords(site=northgate(Georeference(13.3777, 52.5163)), rows=list(PATHS))
    http = http_over(records)
    for suffix in ("csv", "geojson"):
        response = http.get(f"/questions/paths.{suffix}", params={**ASKED, "attribute": ["shirt:blue", "shoes:yes"]})
        described_by = response.links["describedby"]["url"]
        passport = http.get(described_by)
        assert passport.json()["cameras"] == ["cam1", "cam2"], described_by
        assert records.asked[-1] == records.asked[-2]


def test_geojson_draws_a_line_for_each_person_and_floor_stay() -> None:
    records = MemoryRecords(site=northgate(Georeference(13.0, 52.0)), rows=list(PATHS))
    response = http_over(records).get("/questions/paths.geojson", params=ASKED)
    assert response.headers["content-type"] == "application/geo+json"
    features = response.json()["features"]
    assert [(one["properties"]["person"], one["properties"]["floor"]) for one in features] == [
        (str(ANNA), 0),
        (str(ANNA), 1),
        (str(BEN), 0),
    ]
    for one in features:
        assert one["geometry"]["type"] == "LineString"
        assert len(one["geometry"]["coordinates"]) == len(one["properties"]["times"]) >= 2
    assert features[0]["properties"]["times"] == [f"2026-11-24T12:00:0{second}+00:00" for second in range(3)]
    lon, lat = features[2]["geometry"]["coordinates"][1]
    assert (lon - 13.0) * 68_500 == pytest.approx(5.0, abs=0.05)  # metres per degree at 52 N: 68.5 km and 111.2 km
    assert (lat - 52.0) * 111_195 == pytest.approx(9.0, abs=0.05)


def test_geojson_is_refused_without_a_georeference_and_for_what_is_no_path() -> None:
    problem = check_problem(
        http_over(MemoryRecords(rows=list(PATHS))).get("/questions/paths.geojson", params=ASKED), 400, "bad-parameter"
    )
    assert (problem["parameter"], "georeference" in str(problem["detail"])) == ("format", True)
    http = http_over(MemoryRecords(site=northgate(Georeference(13.0, 52.0)), rows=[(20, 1.0, 1.0)]))
    check_problem(http.get("/questions/average-distance.geojson", params=ASKED), 400, "bad-parameter")
    check_problem(http.get("/questions/average-distance.xlsx", params=ASKED), 400, "bad-parameter")


def test_what_is_no_number_is_null_and_numbers_end_at_the_millimetre() -> None:
    answer = http_over(MemoryRecords(rows=[(20, float("nan"), 1.23456)])).get(
        "/questions/average-distance.json", params=ASKED
    )
    assert answer.json()["result"]["rows"] == [{"people": 20, "average_distance_m": None, "median_distance_m": 1.235}]


def test_a_request_id_is_kept_or_made_and_stands_in_the_audit() -> None:
    records = MemoryRecords(rows=[(20, 1.0, 1.0)])
    http = http_over(records)
    sent = http.get("/questions/average-distance.json", params=ASKED, headers={"X-Request-ID": "trace-7"})
    made = http.get("/questions/average-distance.json", params=ASKED, headers={"X-Request-ID": "two words\t"})
    assert sent.headers["x-request-id"] == "trace-7"
    assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])
    assert [read.request_id for read in records.reads] == ["trace-7", made.headers["x-request-id"]]


def test_each_request_is_logged_once_with_its_id_and_never_its_key() -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        http_over().get("/questions/average-distance.json", params=ASKED, headers={"X-Request-ID": "trace-8"})
    (line,) = lines
    assert (line["event"], line["status"], line["request_id"]) == ("request", 200, "trace-8")
    assert line["path"] == "/questions/average-distance.json"
    assert KEY not in repr(lines)


def test_what_nobody_expected_is_a_problem_that_tells_nothing_of_the_inside() -> None:
    http = http_over(MemoryRecords(failure=RuntimeError("password=hunter2")))
    with structlog.testing.capture_logs() as lines:
        response = http.get("/questions/average-distance.json", params=ASKED)
    check_problem(response, 500, "failed")
    assert "hunter2" not in response.text
    assert [line["event"] for line in lines] == ["request failed", "request"]


def test_a_store_that_is_away_is_said_so_and_when_to_come_back() -> None:
    http = http_over(MemoryRecords(failure=StoreUnavailable("gone fishing")))
    response = http.get("/questions/average-distance.json", params=ASKED)
    check_problem(response, 503, "unavailable")
    assert response.headers["retry-after"] == "5"
    ready = http.get("/readyz")
    assert (ready.status_code, ready.json()["ready"], ready.headers["retry-after"]) == (503, False, "5")
    assert ready.json()["checks"]["database"] == {"ok": False, "why": "gone fishing"}
    assert http.get("/healthz").status_code == 200


def test_a_small_group_is_not_in_any_format() -> None:
    http = http_over(MemoryRecords(rows=[(3, 31.25, 30.75)]))
    for suffix in ("json", "csv", "passport"):
        text = http.get(f"/questions/average-distance.{suffix}", params=ASKED).text
        assert "31.25" not in text
        assert "30.75" not in text
    passport = http.get("/questions/average-distance.passport", params=ASKED).json()
    assert passport["suppressed"][0]["columns"] == ["people", "average_distance_m", "median_distance_m"]


def test_the_processes_describe_every_question() -> None:
    http = http_over()
    listed = http.get("/processes").json()["processes"]
    assert [one["id"] for one in listed] == list(QUESTIONS)
    described = http.get("/processes/paths").json()
    assert described["inputs"]["from"]["minOccurs"] == 1
    assert described["inputs"]["attribute"]["maxOccurs"] == "unbounded"
    assert "shirt:blue" in described["inputs"]["attribute"]["schema"]["enum"]
    check_problem(http.get("/processes/nothing"), 404, "unknown-question")


def test_openapi_documents_each_question_with_its_parameters() -> None:
    document = http_over().get("/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for question in QUESTIONS.values():
        link = document["paths"][f"/questions/{question.id}.{{suffix}}"]["get"]
        own = [one.name for one in question.parameters]
        assert [one["name"] for one in link["parameters"]] == ["suffix", *own, "limit", "after"]
        assert set(link["parameters"][0]["schema"]["enum"]) >= {"json", "csv", "geojson"}
        assert link["security"] == [{"key": []}]
        body = document["paths"][f"/processes/{question.id}/execution"]["post"]["requestBody"]["content"]
        schema = body["application/json"]["schema"]["properties"]["inputs"]
        assert set(schema["properties"]) == {one.name for one in question.parameters}
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))


def test_the_documentation_lists_every_question() -> None:
    http = http_over()
    for path in ("/about", "/docs"):
        page = http.get(path, headers={"Accept": "text/html"}).text
        for question in QUESTIONS:
            assert f"#{question}" in page or f'id="{question}"' in page
    links = http.get("/", headers={"Accept": "application/json"}).json()["links"]
    assert {"service-desc", "http://www.opengis.net/def/rel/ogc/1.0/processes"} <= {one["rel"] for one in links}


def test_coverage_is_shown_by_camera() -> None:
    records = MemoryRecords(
        coverage=[covering("cam1", [HOUR], [minutes(0, 30)])], working={"cam1": [minutes(15, 20), minutes(45, 90)]}
    )
    shown = http_over(records).get("/coverage", params=ASKED).json()
    assert shown["camera_hours"] == {"recorded": 1.0, "covered": 0.5, "missing": 0.5, "working": 0.25}
    assert shown["cameras"][0]["working"] == [{"from": "2026-11-24T12:45:00+00:00", "to": "2026-11-24T13:00:00+00:00"}]
    assert [one["camera"] for one in shown["cameras"]] == ["cam1", "cam2"]
    assert shown["cameras"][1]["gaps"][0]["reason"] == "no-video"
    check_problem(http_over(records).get("/coverage?from=nonsense"), 400, "bad-parameter")
    check_problem(http_over(records).get("/coverage?since=now"), 400, "bad-parameter")


def test_there_is_nothing_at_an_unknown_address_and_no_other_method() -> None:
    http = http_over()
    check_problem(http.get("/works/1"), 404, "not-found")
    check_problem(http.delete("/processes/paths"), 405, "bad-request")


def test_shutdown_gives_the_connections_back() -> None:
    records = MemoryRecords()
    app = app_over(records)
    lifespan: Callable[..., object] = app.router.lifespan_context

    import asyncio

    async def live() -> None:
        async with lifespan(app):  # type: ignore[attr-defined]
            assert not records.closed

    asyncio.run(live())
    assert records.closed


HOSTILE_RECORDS = MemoryRecords()
HOSTILE_HTTP = http_over(HOSTILE_RECORDS)
HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["' or 1=1 --", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "2026-11-24T12:00Z", "NaN", "-0"]
    ),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=8), max_size=30),
    st.dictionaries(st.text(max_size=4), st.none(), max_size=2),
)
NAMES = st.one_of(
    st.sampled_from(["from", "to", "at", "attribute", "section", "floor", "format"]), st.text(max_size=12)
)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    question=st.sampled_from(["paths", "people", "average-distance", "people-in-section", "none"]),
    inputs=st.dictionaries(NAMES, HOSTILE, max_size=6),
    asked=st.booleans(),
)
def test_no_input_whatever_breaks_the_desk(question: str, inputs: dict[str, object], asked: bool) -> None:
    records = HOSTILE_RECORDS
    records.reads.clear()
    body = json.dumps({"inputs": {**(ASKED if asked else {}), **inputs}}).encode()
    response = HOSTILE_HTTP.post(f"/processes/{question}/execution", content=body)
    assert response.status_code in (200, 400, 404), response.text
    assert len(records.reads) == 1
