"""The Python client: `Mall(url, key).ask("paths", attribute=["shirt:blue"], **{"from": .., "to": ..})`.

It speaks the same HTTP as everybody else and raises the product's own errors, rebuilt from the problem documents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from types import TracebackType
from typing import TYPE_CHECKING, Any

import httpx

from models.world.errors import BadParameter, MallError, NotExtracted, StoreUnavailable
from models.world.periods import Window, merge
from serve.logic.outcomes import REFUSALS

if TYPE_CHECKING:
    import pandas as pd

Value = str | int | float | datetime | None
_TIME_COLUMNS = ("taken_at", "first_seen", "last_seen", "at")


@dataclass(frozen=True)
class Answer:
    """A complete answer. `rows` are objects by column name; `passport` says what it is based on."""

    question: str
    inputs: Mapping[str, Any]
    passport: Mapping[str, Any]
    result: Mapping[str, Any]

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


class Mall:
    """A mall's question desk over HTTP. `transport` replaces the network, in tests."""

    def __init__(
        self, url: str, key: str, *, timeout_s: float = 60.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {key}", "Prefer": "respond-async", "Accept": "application/json"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s, transport=transport)

    def questions(self) -> list[dict[str, Any]]:
        """The catalogue: id, title and description of each question."""
        return list(self._get("/processes")["processes"])

    def describe(self, question: str) -> dict[str, Any]:
        """One question with its inputs."""
        return self._get(f"/processes/{question}")

    def coverage(self, **times: Value) -> dict[str, Any]:
        """What is recorded, extracted and missing within `from` and `to`, or in the whole archive."""
        return self._get("/coverage", {name: _text(value) for name, value in times.items() if value is not None})

    def ask(self, question: str, **inputs: Value | Sequence[Value]) -> Answer:
        """The complete answer.

        `from_` may be written for `from`, which Python keeps for itself. Raises the errors of `models.world.errors`,
        such as NotExtracted with what is missing.
        """
        given = {name.rstrip("_"): _plain(value) for name, value in inputs.items() if value is not None}
        answer = self._checked("POST", f"/processes/{question}/execution", json={"inputs": given}).json()
        return Answer(answer["question"], answer["inputs"], answer["passport"], answer["result"])

    def fetch(self, question: str, suffix: str, **inputs: Value | Sequence[Value]) -> bytes:
        """The answer as a file of this format (`csv`, `geojson`, `json`)."""
        given = {name.rstrip("_"): _plain(value) for name, value in inputs.items() if value is not None}
        return self._checked("GET", f"/questions/{question}.{suffix}", params=given).content

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> "Mall":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Mall at {self._http.base_url}>"

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        document = self._checked("GET", path, params=params).json()
        assert isinstance(document, dict)
        return document

    def _checked(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            hint = "is it running? mall status, mall up"
            raise StoreUnavailable(f"nobody answers at {self._http.base_url} ({error}); {hint}") from error
        if response.is_error:
            raise rebuilt(response)
        return response


def rebuilt(response: httpx.Response) -> MallError:
    """The error that a problem document tells of."""
    if "problem+json" not in response.headers.get("content-type", ""):
        return MallError(f"{response.request.url} answered {response.status_code} without saying why")
    problem = response.json()
    kind = REFUSALS.get(problem["type"].rpartition(":")[2], MallError)
    if kind is NotExtracted:
        return NotExtracted(_missing(problem["missing"]))
    if kind is BadParameter:
        return BadParameter(problem["parameter"], problem["detail"])
    return kind(problem["detail"])


def _missing(listed: list[dict[str, str]]) -> dict[str, list[Window]]:
    missing: dict[str, list[Window]] = {}
    for one in listed:
        window = Window(datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["to"]))
        missing[one["camera"]] = merge([*missing.get(one["camera"], []), window])
    return missing


def _plain(value: Value | Sequence[Value]) -> object:
    if isinstance(value, list | tuple):
        return [_text(one) for one in value]
    return _text(value)  # type: ignore[arg-type]


def _text(value: Value) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
