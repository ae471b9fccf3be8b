"""Answers that are long: sent while they are read, or page by page."""

import csv
import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import anyio
import httpx
import pytest
from starlette.types import Message

from models.world.errors import Busy, StoreUnavailable
from serve.client import Mall
from tests.serve.http import InMemory, http_to
from tests.serve.mall import ASKED, KEY, NOON, MemoryReading, MemoryRecords, app_over
from tests.serve.test_api import check_problem

SOMEBODY = uuid.UUID(int=7)
ROWS = [(SOMEBODY, 0, NOON + timedelta(seconds=number), float(number), 2.0, 0) for number in range(2500)]


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords(rows=list(ROWS))


def test_the_pages_one_after_another_are_the_answer(records: MemoryRecords) -> None:
    mall = Mall("http://mall.test", KEY, transport=InMemory(app_over(records)))
    pages = list(mall.pages("paths", limit=1000, **ASKED))
    assert [len(page.rows) for page in pages] == [1000, 1000, 500]
    assert [row for page in pages for row in page.rows] == mall.ask("paths", **ASKED).rows
    assert [page.passport["cameras"] for page in pages] == [["cam1", "cam2"]] * 3
    assert mall.ask("paths", **ASKED).after is None


def test_a_page_that_ends_with_the_answer_has_no_next(records: MemoryRecords) -> None:
    http = http_to(app_over(records), KEY)
    page = http.get("/questions/paths.json", params={**ASKED, "limit": 2500})
    assert len(page.json()["result"]["rows"]) == 2500
    assert "links" not in page.json()
    assert "next" not in page.links


def test_a_page_of_csv_links_to_the_next(records: MemoryRecords) -> None:
    http = http_to(app_over(records), KEY)
    first = http.get("/questions/paths.csv", params={**ASKED, "limit": 2})
    second = http.get(first.links["next"]["url"])
    assert set(first.links) == {"next", "describedby"}
    told = [list(csv.reader(io.StringIO(page.text))) for page in (first, second)]
    assert [len(rows) for rows in told] == [3, 3]
    assert told[0][0] == told[1][0]
    assert [row[3] for rows in told for row in rows[1:]] == ["0.0", "1.0", "2.0", "3.0"]


@pytest.mark.parametrize("page", [{"limit": 0}, {"limit": 100_001}, {"limit": "ten"}, {"limit": [1, 2]}])
def test_a_limit_that_is_none_is_refused(records: MemoryRecords, page: dict[str, object]) -> None:
    response = http_to(app_over(records), KEY).get("/questions/paths.json", params={**ASKED, **page})
    assert check_problem(response, 400, "bad-parameter")["parameter"] == "limit"


@pytest.mark.parametrize("after", ["2026-11-20", "2026-13-20.1", "2026-11-20.-1", "2026-11-20.1x", "1", "' or 1=1"])
def test_a_place_that_is_none_is_refused(records: MemoryRecords, after: str) -> None:
    response = http_to(app_over(records), KEY).get(
        "/questions/paths.json", params={**ASKED, "limit": 5, "after": after}
    )
    assert check_problem(response, 400, "bad-parameter")["parameter"] == "after"


def test_a_file_is_saved_as_it_comes(records: MemoryRecords) -> None:
    mall = Mall("http://mall.test", KEY, transport=InMemory(app_over(records)))
    file = io.BytesIO()
    mall.save("paths", "csv", file, **ASKED)
    assert file.getvalue() == mall.fetch("paths", "csv", **ASKED)
    assert len(file.getvalue().splitlines()) == 2501


class Slow(MemoryReading):
    """A look of which it is known how many rows were taken, and whether it is closed."""

    taken = 0

    def rows(self, *asked: object) -> Iterator[object]:  # type: ignore[override]
        for row in super().rows(*asked):  # type: ignore[arg-type]
            Slow.taken += 1
            if Slow.taken == self.records.unknown:
                raise StoreUnavailable("it broke")
            yield row


class Streaming(MemoryRecords):
    open = 0

    @contextmanager
    def streaming(self) -> Iterator[MemoryReading]:
        Streaming.open += 1
        Slow.taken = 0
        try:
            yield Slow(self)
        finally:
            Streaming.open -= 1


def sent(records: MemoryRecords, messages: list[Message], leave_after: int | None = None) -> None:
    """Ask for a long answer, and keep what is sent to somebody who leaves after so many pieces."""
    gone = anyio.Event()

    async def send(message: Message) -> None:
        messages.append(message)
        if leave_after is not None and len(messages) > leave_after:
            gone.set()
            await anyio.sleep(0.05)

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    query = str(httpx.QueryParams(ASKED)).encode()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/questions/paths.csv",
        "raw_path": b"/questions/paths.csv",
        "query_string": query,
        "headers": [(b"authorization", f"Bearer {KEY}".encode()), (b"host", b"mall.test")],
        "http_version": "1.1",
        "scheme": "http",
    }

    async def ask() -> None:
        await app_over(records)(scope, receive, send)

    anyio.run(ask)


def test_the_rows_are_sent_while_they_are_read_and_the_look_is_closed_at_the_end() -> None:
    records, messages = Streaming(rows=list(ROWS)), []
    sent(records, messages)
    bodies = [message["body"] for message in messages if message["type"] == "http.response.body"]
    assert not messages[-1]["more_body"]
    assert len(bodies) >= 3
    assert b"".join(bodies).count(b"\r\n") == 2501
    assert Streaming.open == 0
    assert [read.outcome for read in records.reads] == ["answered"]


def test_whoever_leaves_frees_the_look_and_the_rest_is_not_read() -> None:
    records = Streaming(rows=ROWS * 40)
    sent(records, [], leave_after=1)
    assert Streaming.open == 0
    assert 0 < Slow.taken < 10_000
    assert len(records.reads) == 1


def test_an_answer_that_breaks_off_does_not_end_like_a_whole_one() -> None:
    records, messages = Streaming(rows=list(ROWS), unknown=1500), []
    with pytest.raises(RuntimeError, match="response already started"):
        sent(records, messages)
    assert messages[-1]["more_body"]
    assert Streaming.open == 0
    assert [read.outcome for read in records.reads] != ["answered"]


def test_too_many_at_once_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch, records: MemoryRecords) -> None:
    @contextmanager
    def full() -> Iterator[MemoryReading]:
        raise Busy("4 answers are being sent already; come back later", 10)
        yield

    monkeypatch.setattr(records, "streaming", full)
    response = http_to(app_over(records), KEY).get("/questions/paths.csv", params=ASKED)
    check_problem(response, 429, "busy")
    assert response.headers["retry-after"] == "10"
