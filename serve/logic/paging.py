"""Pages of an answer: `limit` is how many rows at most, `after` where the page begins, as the page before told it.

A place in an answer is its day and a number of rows (`sql.asking.Place`), written `2026-11-20.1000`. So a page costs no more than
its own day, however far it is from the first one.
"""

import itertools
import re
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from models.world.errors import BadParameter
from serve.logic.inputs import shown
from sql.asking import Place, Row

MOST = 100_000
"""Rows that a page may have."""


@dataclass(frozen=True)
class Page:
    """What part of an answer is wanted; without a limit all of it."""

    limit: int | None = None
    start: Place | None = None


def taken(texts: Mapping[str, list[str]]) -> tuple[dict[str, list[str]], Page]:
    """The inputs without `limit` and `after`, and the page that these ask for. Raises BadParameter."""
    rest = {name: values for name, values in texts.items() if name not in ("limit", "after")}
    return rest, Page(_limit(texts.get("limit", [])), _start(texts.get("after", [])))


def cut(rows: Generator[tuple[Place, Row], None, None], page: Page) -> tuple[Iterable[Row], Place | None]:
    """The rows of the page, and where the next begins. Without a limit nothing is read yet."""
    if page.limit is None:
        return (row for _, row in rows), None
    told = list(itertools.islice(rows, page.limit + 1))
    following = told[page.limit][0] if len(told) > page.limit else None
    return [row for _, row in told[: page.limit]], following


def text(place: Place) -> str:
    """A place as `after` takes it."""
    return f"{place.day.isoformat()}.{place.row}"


def _limit(texts: list[str]) -> int | None:
    if not texts:
        return None
    if len(texts) > 1 or not re.fullmatch(r"[0-9]{1,6}", texts[0]) or not 1 <= int(texts[0]) <= MOST:
        raise BadParameter("limit", f"limit is a number of rows from 1 to {MOST}; got {shown(', '.join(texts))!r}")
    return int(texts[0])


def _start(texts: list[str]) -> Place | None:
    if not texts:
        return None
    day, _, row = texts[0].partition(".")
    try:
        if len(texts) > 1 or not re.fullmatch(r"[0-9]{1,12}", row):
            raise ValueError
        return Place(date.fromisoformat(day), int(row))
    except ValueError:
        raise BadParameter(
            "after", f"after is what the page before told, such as 2026-11-20.1000; got {shown(', '.join(texts))!r}"
        ) from None
