"""The Python client: `Mall(url, key).ask("paths", attribute=["shirt:blue"], **{"from": .., "to": ..})`.

It speaks the same HTTP as everybody else and raises the product's own errors, rebuilt from the problem documents.
With `wait=True` a question that is not known yet becomes a job, which is followed to its end.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from html import escape
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

import httpx

from models.world.errors import BadParameter, Busy, MallError, NotExtracted, OverBudget, StoreUnavailable
from models.world.periods import Window, merge
from serve.logic.outcomes import REFUSALS

if TYPE_CHECKING:
    import pandas as pd

Value = str | int | float | datetime | None
_ORDERS = 3
"""A question is ordered again when more video has come in while it was worked on, but not for ever."""
_MISSES = 60
"""How often in a row the service may not answer while a job is followed."""
_STREAM_TIMEOUT = httpx.Timeout(10.0, read=30.0)
"""A stream says something every 10 s."""
_TIME_COLUMNS = ("taken_at", "first_seen", "last_seen", "at")


@dataclass(frozen=True)
class Answer:
    """A complete answer, or a page of it. `rows` are objects by column name; `passport` says what it is based on.

    Of a page `after` is where the next one begins, None where it is the last.
    """

    question: str
    inputs: Mapping[str, Any]
    passport: Mapping[str, Any]
    result: Mapping[str, Any]
    after: str | None = None

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return [column["name"] for column in self.result["columns"]]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows as they came: times are texts, blanked figures None."""
        return list(self.result["rows"])

    def to_frame(self) -> "pd.DataFrame":
        """The rows as a pandas frame; columns of times are UTC timestamps."""
        import pandas as pd

        frame = pd.DataFrame(self.rows, columns=self.columns)
        for name in (name for name in _TIME_COLUMNS if name in frame):
            frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
        return frame

    def __repr__(self) -> str:
        return f"<Answer to {self.question}: {self.summary}>"

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(self.question)}</b> {escape(self.summary)}</p>{self.to_frame().head(20).to_html()}"

    @property
    def summary(self) -> str:
        """One line: how much it is, and on what it rests."""
        window, gaps = self.passport["window"], self.passport["gaps"]
        parts = [
            f"{len(self.rows)} row{'s' * (len(self.rows) != 1)}",
            f"{window['from']} to {window['to']}",
            f"{self.passport['camera_hours']} camera-hours of {len(self.passport['cameras'])} cameras",
            *([f"{len(gaps)} gaps"] if gaps else []),
            *([f"unknown: {self.passport['unknown']}"] if self.passport["unknown"] is not None else []),
            *([f"{len(self.passport['suppressed'])} suppressed"] if self.passport["suppressed"] else []),
        ]
        return ", ".join(parts)


@dataclass(frozen=True)
class Job:
    """How a job stands: `status` is accepted, running, successful, failed or dismissed, `percent` 0 to 100.

    `eta_s` is the time it will probably still take; None when it has ended, or nothing is known about the speed.
    """

    id: str
    question: str
    inputs: Mapping[str, Any]
    status: str
    message: str
    percent: int
    camera_hours: float
    camera_hours_done: float
    eta_s: float | None

    @property
    def has_ended(self) -> bool:
        """Whether it will not change any more."""
        return self.status in ("successful", "failed", "dismissed")

    def __repr__(self) -> str:
        left = "" if self.eta_s is None else f", {self.eta_s:.0f} s left"
        return f"<Job {self.id} for {self.question}: {self.status}, {self.percent} %{left}; {self.message}>"


Progress = Callable[[Job], None]
"""Told how a job stands, at first and after each change."""


class Mall:
    """A mall's question desk over HTTP. `transport` replaces the network, in tests.

    While a job is followed it is looked at every `poll_s` seconds where event streams do not come through.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float = 60.0,
        poll_s: float = 1.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s, transport=transport)
        self._poll_s = poll_s

    def questions(self) -> list[dict[str, Any]]:
        """The catalogue: id, title and description of each question."""
        return list(self._get("/processes")["processes"])

    def describe(self, question: str) -> dict[str, Any]:
        """One question with its inputs."""
        return self._get(f"/processes/{question}")

    def coverage(self, **times: Value) -> dict[str, Any]:
        """What is recorded, extracted and missing within `from_` and `to`, or in the whole archive."""
        return self._get("/coverage", _given(times))

    def site(self) -> dict[str, Any]:
        """The plan: floors, sections and what each camera sees, in metres."""
        return self._get("/site")

    def ask(
        self,
        question: str,
        *,
        wait: bool = False,
        on_progress: Progress | None = None,
        **inputs: Value | Sequence[Value],
    ) -> Answer:
        """The complete answer.

        `from_` may be written for `from`, which Python keeps for itself. Raises the errors of `models.world.errors`,
        such as NotExtracted with what is missing. With `wait` what is missing is extracted first, however long that
        takes; then OverBudget, Busy, ExtractionFailed and Dismissed may be raised too, and `on_progress` is told how
        the job stands. An interrupted wait leaves the job at work: see `jobs` and `cancel`.
        """
        if wait:
            return self._ask_and_wait(question, _given(inputs), on_progress or _silently)
        return self._answer(self._execute(question, _given(inputs)))

    def pages(self, question: str, *, limit: int = 10_000, **inputs: Value | Sequence[Value]) -> Iterator[Answer]:
        """The answer page by page, of at most `limit` rows each, for answers that are too long to hold. Raises as `ask` does."""
        asked: dict[str, object] = {**_given(inputs), "limit": limit}
        while True:
            answer = self._answer(self._execute(question, asked))
            yield answer
            if answer.after is None:
                return
            asked["after"] = answer.after

    def order(self, question: str, **inputs: Value | Sequence[Value]) -> Answer | Job:
        """The answer where it is known already, else the job that finds it out; returns at once."""
        response = self._execute(question, _given(inputs), {"Prefer": "respond-async"})
        return _job(response.json()) if response.status_code == httpx.codes.CREATED else self._answer(response)

    def jobs(self) -> list[Job]:
        """Your newest jobs, newest first."""
        return [_job(document) for document in self._get("/jobs")["jobs"]]

    def job(self, job_id: str) -> Job:
        """How the job stands. Raises UnknownJob."""
        return _job(self._get(f"/jobs/{job_id}"))

    def follow(self, job_id: str) -> Iterator[Job]:
        """How the job stands now and after each change, until it has ended.

        Outlives restarts of the service; raises StoreUnavailable or Busy when it stays away, and UnknownJob.
        """
        last, misses = None, 0
        while last is None or not last.has_ended:
            try:
                for job in self._news(job_id):
                    misses = 0
                    if job != last:
                        last = job
                        yield job
            except (StoreUnavailable, Busy):
                misses += 1
                if misses == _MISSES:
                    raise
            if last is None or not last.has_ended:
                time.sleep(self._poll_s)

    def results(self, job_id: str) -> Answer:
        """The answer of a job that was successful. Raises ResultNotReady, ExtractionFailed, Dismissed and NotExtracted."""
        return self._answer(self._checked("GET", f"/jobs/{job_id}/results"))

    def cancel(self, job_id: str) -> Job:
        """Give the job up; its extraction ends unless somebody else waits for it."""
        return _job(self._checked("DELETE", f"/jobs/{job_id}").json())

    def fetch(self, question: str, suffix: str, **inputs: Value | Sequence[Value]) -> bytes:
        """The answer as a file of this format (`csv`, `geojson`, `json`)."""
        return self._checked("GET", f"/questions/{question}.{suffix}", params=_given(inputs)).content

    def save(self, question: str, suffix: str, file: BinaryIO, **inputs: Value | Sequence[Value]) -> None:
        """Write the answer as a file of this format, as it comes. Raises as `ask` does, StoreUnavailable where it breaks off."""
        given: Any = _given(inputs)
        with self._unless_away(), self._http.stream("GET", f"/questions/{question}.{suffix}", params=given) as response:
            if response.is_error:
                response.read()
                raise rebuilt(response)
            for piece in response.iter_bytes():
                file.write(piece)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> "Mall":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Mall at {self._http.base_url}>"

    def _ask_and_wait(self, question: str, given: Mapping[str, Any], on_progress: Progress) -> Answer:
        for _ in range(_ORDERS):
            found = self.order(question, **given)
            if isinstance(found, Answer):
                return found
            for job in self.follow(found.id):
                on_progress(job)
            try:
                return self.results(found.id)
            except NotExtracted:
                pass  # more video has come in meanwhile
        return self._answer(self._execute(question, given))

    def _news(self, job_id: str) -> Iterator[Job]:
        """What one event stream tells; where none comes through, how the job stands."""
        told = False
        try:
            with self._http.stream("GET", f"/jobs/{job_id}/events", timeout=_STREAM_TIMEOUT) as stream:
                if stream.is_success:
                    for line in stream.iter_lines():
                        if line.startswith("data:"):
                            told = True
                            yield _job(json.loads(line.removeprefix("data:")))
        except httpx.HTTPError:
            pass  # a proxy without patience, a server that restarts: the look below tells what is true
        if not told:
            yield self.job(job_id)

    def _execute(
        self, question: str, given: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return self._checked("POST", f"/processes/{question}/execution", json={"inputs": given}, headers=headers)

    @staticmethod
    def _answer(response: httpx.Response) -> Answer:
        answer = response.json()
        following = [link["href"] for link in answer.get("links", []) if link["rel"] == "next"]
        after = httpx.URL(following[0]).params["after"] if following else None
        return Answer(answer["question"], answer["inputs"], answer["passport"], answer["result"], after)

    def _get(self, path: str, params: Mapping[str, object] | None = None) -> dict[str, Any]:
        document = self._checked("GET", path, params=params).json()
        assert isinstance(document, dict)
        return document

    def _checked(self, method: str, path: str, **more: Any) -> httpx.Response:
        with self._unless_away():
            response = self._http.request(method, path, **more)
        if response.is_error:
            raise rebuilt(response)
        return response

    @contextmanager
    def _unless_away(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            hint = "is it running? mall status, mall up"
            raise StoreUnavailable(f"nobody answers at {self._http.base_url} ({error}); {hint}") from error


def rebuilt(response: httpx.Response) -> MallError:
    """The error that a problem document tells of."""
    if "problem+json" not in response.headers.get("content-type", ""):
        return MallError(f"{response.request.url} answered {response.status_code} without saying why")
    problem = response.json()
    kind = REFUSALS.get(re.split("[:/]", problem["type"])[-1], MallError)
    if kind is NotExtracted:
        return NotExtracted(_missing(problem["missing"]))
    if kind is BadParameter:
        return BadParameter(problem["parameter"], problem["detail"])
    if kind is OverBudget:
        return OverBudget(problem["camera_hours"], problem["budget_camera_hours"])
    if kind is Busy:
        return Busy(problem["detail"], int(response.headers.get("retry-after", 1)))
    return kind(problem["detail"])


def _missing(listed: list[dict[str, str]]) -> dict[str, list[Window]]:
    missing: dict[str, list[Window]] = {}
    for one in listed:
        window = Window(datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["to"]))
        missing[one["camera"]] = merge([*missing.get(one["camera"], []), window])
    return missing


def _job(document: Mapping[str, Any]) -> Job:
    return Job(
        id=document["jobID"],
        question=document["processID"],
        inputs=document["inputs"],
        status=document["status"],
        message=document["message"],
        percent=document["progress"],
        camera_hours=document["camera_hours"],
        camera_hours_done=document["camera_hours_done"],
        eta_s=document["eta_s"],
    )


def _silently(_: Job) -> None:
    pass


def _given(inputs: Mapping[str, Value | Sequence[Value]]) -> dict[str, object]:
    return {name.rstrip("_"): _plain(value) for name, value in inputs.items() if value is not None}


def _plain(value: Value | Sequence[Value]) -> object:
    if isinstance(value, list | tuple):
        return [_text(one) for one in value]
    return _text(value)  # type: ignore[arg-type]


def _text(value: Value) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
