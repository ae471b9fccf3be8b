import io
from datetime import datetime

import httpx
import pandas as pd
import pytest
import structlog
from rich.console import Console

from models.world.errors import BadParameter, MallError, NotAllowed, NotExtracted, StoreUnavailable, UnknownQuestion
from serve.client import Answer, Mall
from serve.logic.outcomes import REFUSALS, UnknownKey
from serve.presentation.terminal import MOST_ROWS, show
from tests.serve.http import InMemory
from tests.serve.mall import ASKED, HOUR, KEY, NOON, QUESTIONS, MemoryRecords, app_over, caller_of, covering, minutes

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
