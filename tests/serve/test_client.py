import io
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pandas as pd
import pytest
import structlog
from rich.console import Console
from starlette.types import ASGIApp

from models.world.errors import (
    BadParameter,
    Busy,
    Dismissed,
    ExtractionFailed,
    MallError,
    NotAllowed,
    NotExtracted,
    OverBudget,
    StoreUnavailable,
    UnknownJob,
    UnknownQuestion,
)
from serve.client import Answer, Job, Mall
from serve.logic.outcomes import REFUSALS, UnknownKey
from serve.presentation.terminal import MOST_ROWS, show
from tests.serve.http import InMemory
from tests.serve.mall import ASKED, HOUR, KEY, NOON, QUESTIONS, MemoryRecords, app_over, caller_of, covering, minutes
from tests.serve.orders import MemoryOrders

PATHS = [("p1", 0, NOON, 1.0, 2.0, 1), ("p1", 0, minutes(0, 1).end, 2.0, 2.0, 1)]


def mall(records: MemoryRecords | None = None, key: str = KEY) -> Mall:
    return Mall("http://mall.test", key, transport=InMemory(app_over(records or MemoryRecords())))


def printed(answer: Answer, width: int = 100) -> str:
    text = io.StringIO()
    show(answer, Console(file=text, width=width, color_system=None))
    return text.getvalue()


def test_it_lists_the_questions_and_describes_them() -> None:
    assert [one["id"] for one in mall().questions()] == list(QUESTIONS)
    assert "from" in mall().describe("paths")["inputs"]


def test_an_answer_becomes_a_frame_with_times() -> None:
    answer = mall(MemoryRecords(rows=list(PATHS))).ask("paths", from_=HOUR.start, to=HOUR.end, attribute=["shirt:blue"])
    frame = answer.to_frame()
    assert list(frame.columns) == ["person", "floor", "taken_at", "x_m", "y_m", "stay"]
    assert frame["taken_at"].tolist() == [pd.Timestamp(NOON), pd.Timestamp(minutes(0, 1).end)]
    assert answer.inputs["attribute"] == ["shirt:blue"]
    assert "2 rows" in repr(answer)
    assert "p1" in answer._repr_html_()


def test_an_empty_answer_is_an_empty_frame_with_its_columns() -> None:
    frame = mall().ask("paths", **ASKED).to_frame()
    assert frame.empty
    assert "x_m" in frame


def test_what_is_missing_comes_back_as_the_same_error() -> None:
    with pytest.raises(NotExtracted) as refused:
        mall(MemoryRecords(coverage=[covering("cam2", [HOUR], [minutes(0, 30)])])).ask("paths", **ASKED)
    assert refused.value.missing == {"cam2": [minutes(30, 60)]}
    assert refused.value.camera_hours == 0.5


def test_every_refusal_comes_back_as_what_it_was() -> None:
    with pytest.raises(BadParameter, match="shirt") as refused:
        mall().ask("paths", **ASKED, attribute="shirt:mauve")
    assert refused.value.parameter == "attribute"
    with pytest.raises(UnknownQuestion, match="did you mean"):
        mall().ask("path", **ASKED)
    with pytest.raises(UnknownKey):
        mall(key="wrong").questions()
    with pytest.raises(NotAllowed, match="lacks"):
        mall(MemoryRecords(callers={KEY: caller_of()})).ask("paths", **ASKED)
    with pytest.raises(StoreUnavailable, match="gone"):
        mall(MemoryRecords(failure=StoreUnavailable("gone"))).ask("paths", **ASKED)
    with structlog.testing.capture_logs(), pytest.raises(MallError, match="something broke"):
        mall(MemoryRecords(failure=RuntimeError("x"))).ask("paths", **ASKED)
    assert len(set(REFUSALS.values())) == len(REFUSALS)


def test_nobody_at_the_address_is_said_so() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    with pytest.raises(StoreUnavailable, match=r"nobody answers at http://mall.test.*mall up"):
        Mall("http://mall.test", KEY, transport=httpx.MockTransport(refuse)).questions()
    plain = httpx.MockTransport(lambda request: httpx.Response(502, text="<h1>Bad gateway</h1>"))
    with pytest.raises(MallError, match="502"):
        Mall("http://mall.test", KEY, transport=plain).questions()


def test_files_come_as_they_are() -> None:
    text = mall(MemoryRecords(rows=list(PATHS))).fetch("paths", "csv", **ASKED).decode()
    assert text.splitlines()[0] == "person,floor,taken_at,x_m,y_m,stay"


def test_coverage_is_asked_with_times_or_without() -> None:
    assert mall().coverage()["camera_hours"]["recorded"] == 2.0
    assert mall().coverage(**ASKED)["window"]["to"] == "2026-11-24T13:00:00+00:00"


def test_the_terminal_shows_the_table_what_it_rests_on_and_what_is_hidden() -> None:
    part = [minutes(0, 45)]
    small = MemoryRecords(rows=[(3, 31.5, 30.0)], coverage=[covering("cam1", part, part)])
    text = printed(mall(small).ask("average-distance", **ASKED))
    assert "31.5" not in text
    assert "fewer than 5 people" in text
    assert "no video at times from: cam1, cam2" in text
    many = MemoryRecords(
        rows=[("p1", 0, datetime.fromtimestamp(NOON.timestamp() + n, NOON.tzinfo), 1.0, 2.0, 1) for n in range(99)]
    )
    text = printed(mall(many).ask("paths", **ASKED), width=160)
    assert f"{99 - MOST_ROWS} more rows" in text
    assert "x_m" in text


def test_text_from_outside_is_no_markup_in_the_terminal() -> None:
    answer = mall(MemoryRecords(rows=[("[red]x[/red]", NOON, 9)])).ask(
        "people-in-section", section="food-court", at=NOON
    )
    assert "[red]x[/red]" in printed(answer)


def half_known() -> MemoryRecords:
    return MemoryRecords(rows=[(20, 31.5, 30.0)], coverage=[covering("cam2", [HOUR], [minutes(0, 30)])])


def waiting_mall(
    records: MemoryRecords, orders: MemoryOrders, transport: type[InMemory] = InMemory, **limits: float
) -> Mall:
    app = app_over(records, orders, **limits)
    return Mall("http://mall.test", KEY, transport=transport(app), poll_s=0.0)


def extracting(records: MemoryRecords) -> list[Callable[[MemoryOrders], None]]:
    """From the order to the answer, look by look; the order itself is the first look."""

    def end(orders: MemoryOrders) -> None:
        records.coverage = [covering("cam2", [HOUR], [HOUR])]
        orders.succeed()

    return [lambda _: None, lambda _: None, lambda one: one.run(0.5, after_s=10), end]


def test_waiting_shows_the_progress_and_ends_with_the_answer() -> None:
    records, told = half_known(), list[Job]()
    orders = MemoryOrders(script=extracting(records))
    answer = waiting_mall(records, orders).ask("average-distance", wait=True, on_progress=told.append, **ASKED)
    assert answer.rows == [{"people": 20, "average_distance_m": 31.5, "median_distance_m": 30.0}]
    assert [(job.status, job.percent) for job in told] == [("accepted", 0), ("running", 50), ("successful", 100)]
    assert (told[1].camera_hours, told[1].camera_hours_done, told[1].eta_s) == (0.5, 0.25, 10.0)
    assert "running, 50 %, 10 s left" in repr(told[1])


def test_waiting_for_what_is_known_orders_nothing() -> None:
    orders = MemoryOrders()
    assert waiting_mall(MemoryRecords(), orders).ask("paths", wait=True, **ASKED).rows == []
    assert orders.requests == {}


def test_asking_without_waiting_orders_nothing() -> None:
    orders = MemoryOrders()
    with pytest.raises(NotExtracted):
        waiting_mall(half_known(), orders).ask("average-distance", **ASKED)
    assert orders.requests == {}


class NoStreams(InMemory):
    """A network in which event streams break."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            raise httpx.RemoteProtocolError("peer closed connection", request=request)
        return super().handle_request(request)


class Flaky(NoStreams):
    """A service that is away at every second request, and streams nothing."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self._turn = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._turn += request.url.path.startswith("/jobs/") and not request.url.path.endswith("/events")
        if self._turn % 2 and request.url.path.startswith("/jobs/"):
            raise httpx.ConnectError("connection refused", request=request)
        return super().handle_request(request)


def test_where_streams_break_the_job_is_looked_at_again_and_again() -> None:
    records, told = half_known(), list[Job]()
    mall = waiting_mall(records, MemoryOrders(script=extracting(records)), NoStreams)
    mall.ask("average-distance", wait=True, on_progress=told.append, **ASKED)
    assert [job.status for job in told] == ["accepted", "running", "successful"]


def test_waiting_outlives_a_service_that_comes_and_goes() -> None:
    records, told = half_known(), list[Job]()
    mall = waiting_mall(records, MemoryOrders(script=extracting(records)), Flaky)
    job = mall.order("average-distance", **ASKED)
    assert isinstance(job, Job)
    told = list(mall.follow(job.id))
    assert told[-1].status == "successful"


def test_a_service_that_stays_away_is_told() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    gone = Mall("http://mall.test", KEY, transport=httpx.MockTransport(refuse), poll_s=0.0)
    with pytest.raises(StoreUnavailable, match="nobody answers"):
        list(gone.follow("7"))


def test_a_job_that_fails_raises_its_reason() -> None:
    orders = MemoryOrders(script=[lambda _: None, lambda one: one.fail("the cluster has 0 CPUs")])
    with pytest.raises(ExtractionFailed, match="0 CPUs"):
        waiting_mall(half_known(), orders).ask("average-distance", wait=True, **ASKED)


def test_video_that_came_meanwhile_is_ordered_too_but_not_for_ever() -> None:
    orders = MemoryOrders(script=[lambda _: None, lambda one: one.succeed(), lambda _: None] * 3)
    with pytest.raises(NotExtracted):
        waiting_mall(half_known(), orders).ask("average-distance", wait=True, **ASKED)
    assert len(orders.requests) == 3


def test_a_job_is_found_listed_and_given_up() -> None:
    orders = MemoryOrders()
    mall = waiting_mall(half_known(), orders)
    job = mall.order("average-distance", **ASKED)
    assert isinstance(job, Job)
    assert mall.job(job.id) == mall.jobs()[0] == job
    assert mall.cancel(job.id).status == "dismissed"
    with pytest.raises(Dismissed):
        mall.results(job.id)
    with pytest.raises(UnknownJob):
        mall.job("7")


def test_an_order_that_is_refused_raises_the_figures() -> None:
    with pytest.raises(OverBudget) as refused:
        waiting_mall(half_known(), MemoryOrders(), budget_camera_hours=0.25).ask("paths", wait=True, **ASKED)
    assert (refused.value.camera_hours, refused.value.budget_camera_hours) == (0.5, 0.25)
    orders = MemoryOrders()
    mall = waiting_mall(half_known(), orders, max_queued=1)
    mall.order("paths", **ASKED)
    with pytest.raises(Busy) as busy:
        mall.ask("paths", wait=True, **{**ASKED, "to": (HOUR.end - timedelta(minutes=10)).isoformat()})
    assert busy.value.retry_after_s == 30


def test_the_plan_shows_floors_sections_and_what_cameras_see() -> None:
    plan = mall().site()
    assert plan["floors"][0]["outline"] == [[0.0, 0.0], [60.0, 0.0], [60.0, 30.0], [0.0, 30.0]]
    assert plan["sections"][0]["id"] == "food-court"
    (first, _) = plan["cameras"]
    assert (first["id"], first["floor"]) == ("cam1", 0)
    # The picture of 640 x 384 px lies at 0.1 m a pixel over the floor's 60 x 30 m: it sees all of it.
    assert min(x for x, _ in first["sees"]) == 0.0
    assert max(x for x, _ in first["sees"]) == pytest.approx(60, abs=2.1)
