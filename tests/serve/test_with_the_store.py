"""The same desk over the real store with the read login, and once through Ray Serve."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from cluster.embedded.ports import free_port
from models.world.errors import NotAllowed, NotExtracted, NotRecorded, StoreUnavailable, UnknownSection
from serve.app import ServeArgs, application, build
from serve.client import Job, Mall
from serve.logic.desk import QuestionDesk
from serve.logic.outcomes import UnknownKey
from serve.logic.records import StoredRecords
from sql import keys, videos
from sql.catalogue import Catalogue
from sql.store import LATEST, Store
from tests.conftest import Database
from tests.serve.http import InMemory
from tests.sql.mall import NAMES, NINE, TEN, VISITORS, segment

WHOLE = {"from": NINE, "to": TEN + timedelta(hours=1)}
Asking = Callable[..., Mall]


@pytest.fixture
def key(admin: Store, filled: Store) -> str:
    with admin.connection() as connection:
        return keys.create(connection, "tester")


@pytest.fixture
def asking(database: Database, key: str) -> Iterator[Asking]:
    """Makes clients of one application over the filled database."""
    app = application(ServeArgs(database_read=database.read_dsn, min_group=1, pool_size=2))

    def client(with_key: str = key) -> Mall:
        return Mall("http://mall.test", with_key, transport=InMemory(app))

    yield client
    app.state.jobs.desk.records.close()


def audit(admin: Store) -> list[tuple[object, ...]]:
    with admin.connection() as connection:
        return connection.execute("select who, action, question, outcome from audit order by audit_id").fetchall()


def test_the_questions_are_answered_over_http(asking: Asking) -> None:
    mall = asking()
    distance = mall.ask("average-distance", **WHOLE).rows
    assert distance == [{"people": 6, "average_distance_m": pytest.approx(33.333), "median_distance_m": 30.0}]
    people = mall.ask("people", **WHOLE, attribute=["shirt:blue", "shoes:yes"])
    assert [NAMES[person] for person in map(UUID, people.to_frame()["person"])] == ["ann"]
    assert people.passport["unknown"] == 2
    assert people.passport["versions"] == {
        "extractor": ["mall-people-1"],
        "association": [],
        "attributes": ["colours-1"],
    }
    inside = mall.ask("people-in-section", section="food-court", at="2026-11-20T11:12")
    assert inside.rows[0]["people"] == 2  # ann at (42, 5), bob at (50, 12); cyd at (45, 20) is outside
    blue = mall.ask("paths", **WHOLE, attribute="shirt:blue").to_frame()
    assert {NAMES[UUID(person)] for person in blue["person"]} == {"ann", "bob", "eve"}


def test_geojson_draws_one_line_for_each_floor_stay_also_over_a_full_hour(asking: Asking) -> None:
    features = httpx.Response(200, content=asking().fetch("paths", "geojson", **WHOLE)).json()["features"]
    found = sorted((NAMES[UUID(one["properties"]["person"])], one["properties"]["floor"]) for one in features)
    assert found == sorted((visitor.name, floor) for visitor in VISITORS for floor, _ in visitor.stays)
    for one in features:
        times = one["properties"]["times"]
        seen_once = len(times) == 2 and times[0] == times[1]
        assert seen_once or times == sorted(set(times))


def test_recorded_but_not_loaded_is_a_refusal_and_not_recorded_another(asking: Asking, ingest: Store) -> None:
    with ingest.connection() as connection:
        videos.add(connection, segment("cam1", TEN + timedelta(hours=1), minutes=30))
    mall = asking()
    with pytest.raises(NotExtracted) as refused:
        mall.ask("paths", **{**WHOLE, "to": TEN + timedelta(hours=2)})
    assert refused.value.camera_hours == pytest.approx(0.5)
    assert mall.ask("average-distance", **WHOLE).rows[0]["people"] == 6
    with pytest.raises(NotRecorded, match="2026-11-20T11:30"):
        mall.ask("paths", **{"from": NINE - timedelta(hours=5), "to": NINE - timedelta(hours=4)})
    assert mall.coverage(**{"from": TEN, "to": TEN + timedelta(hours=2)})["camera_hours"]["missing"] == 0.5


def test_every_read_is_in_the_audit_also_the_refused(asking: Asking, admin: Store) -> None:
    with admin.connection() as connection:
        counting = keys.create(connection, "counter", ["aggregates"])
    asking().ask("average-distance", **WHOLE)
    with pytest.raises(NotAllowed, match="individuals"):
        asking(counting).ask("paths", **WHOLE)
    with pytest.raises(UnknownSection, match="food-court"):
        asking(counting).ask("average-distance", **WHOLE, section="'; drop table person; --")
    asking(counting).coverage()
    with pytest.raises(UnknownKey):
        asking("mall_guessed").ask("paths", **WHOLE)
    assert audit(admin) == [
        ("tester", "ask", "average-distance", "answered"),
        ("counter", "ask", "paths", "not-allowed"),
        ("counter", "ask", "average-distance", "unknown-section"),
        ("counter", "coverage", None, "answered"),
    ]


def test_every_question_is_about_a_time() -> None:
    for question in Catalogue.load().questions.values():
        names = {parameter.name for parameter in question.parameters if parameter.required}
        assert {"from", "to"} <= names or "at" in names, question.id


def test_a_question_that_takes_too_long_is_given_up(database: Database, filled: Store) -> None:
    slow = replace(Catalogue.load().questions["average-distance"], sql=b"select 1, 1.0, 1.0 from pg_sleep(9)")
    with Store(database.read_dsn, role="read", size=1, statement_timeout_s=0.3) as pool:
        desk = QuestionDesk(StoredRecords(pool), {slow.id: slow})
        caller = keys.Caller("tester", frozenset(keys.PERMISSIONS))
        with pytest.raises(StoreUnavailable, match="shorter window"):
            desk.ask(slow.id, {"from": NINE.isoformat(), "to": TEN.isoformat()}, caller)


def test_readiness_tells_each_part_and_needs_only_the_store(asking: Asking, database: Database) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    app = application(ServeArgs(database_read=database.read_dsn, s3_endpoint=nobody), {"ray": lambda: "2 CPUs"})
    with httpx.Client(transport=InMemory(app), base_url="http://mall.test") as http:
        ready = http.get("/readyz")
    app.state.jobs.desk.records.close()
    checks = ready.json()["checks"]
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert {name: check["ok"] for name, check in checks.items()} == {
        "database": True,
        "schema": True,
        "s3": False,
        "handler": False,
        "ray": True,
    }
    assert checks["schema"]["why"] == LATEST
    assert nobody in checks["s3"]["why"]


def test_the_password_of_the_store_is_in_no_repr() -> None:
    assert "hunter2" not in repr(ServeArgs(database_read="postgresql://mall:hunter2@db/mall"))


@pytest.mark.filterwarnings("ignore")
def test_it_answers_and_tells_events_through_ray_serve(
    ray_node: object, database: Database, key: str, ingest: Store
) -> None:
    with ingest.connection() as connection:
        videos.add(connection, segment("cam1", TEN + timedelta(hours=1), minutes=30))
    from ray import serve as ray_serve

    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    ray_serve.start(http_options=ray_serve.HTTPOptions(host="127.0.0.1", port=port))
    try:
        ray_serve.run(build(ServeArgs(database_read=database.read_dsn, min_group=1)), name="mall", route_prefix="/")
        details = ray_serve.status().applications["mall"]
        assert list(details.deployments) == ["questions"]
        with Mall(f"http://127.0.0.1:{port}", key) as mall:
            assert mall.ask("average-distance", **WHOLE).rows[0]["people"] == 6
            with pytest.raises(NotRecorded):
                mall.ask(
                    "average-distance", **{"from": datetime(2026, 11, 1, tzinfo=UTC), "to": NINE - timedelta(days=9)}
                )
            job = mall.order("average-distance", **{**WHOLE, "to": TEN + timedelta(hours=2)})
            assert isinstance(job, Job)
            stream = mall.follow(job.id)
            assert next(stream).status == "accepted"
            mall.cancel(job.id)
            assert [one.status for one in stream] == ["dismissed"]
        checks = httpx.get(f"http://127.0.0.1:{port}/readyz").json()["checks"]
        assert checks["ray"] == {"ok": True, "why": "2 CPUs"}
    finally:
        ray_serve.shutdown()
