"""Asking: the rows of a question, checked and in order, all of them, as a stream or page by page.

A person belongs to one of the mall's own days. So a question that tells of people one by one (`by: day` in its front matter) is
asked for each day of its window in turn: the first rows come at the price of one day, and no more than a day is sorted at a time.
"""

import itertools
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Cursor, ServerCursor

from models.world.attributes import ATTRIBUTES, UNKNOWN
from models.world.errors import BadParameter, BadWindow, UnknownSection
from models.world.periods import local_day
from sql.catalogue import Bound, Question
from sql.store import Connection
from sql.text import statement

BATCH, FIRST_BATCH = 5000, 1024
"""Rows that a stream takes from the database at a time; at first no more than a page and the beginning of the next."""
Row = tuple[Any, ...]


@dataclass(frozen=True, order=True)
class Place:
    """A place in an answer: the mall's own day, and how many rows of that day come before it."""

    day: date
    row: int = 0


@dataclass(frozen=True)
class Answer:
    """Rows of values; `unknown` counts the people who may or may not fit the attributes asked for, None without any."""

    columns: tuple[str, ...]
    rows: list[Row]
    unknown: int | None


def ask(connection: Connection, question: Question, bound: Bound, most: int | None = None) -> Answer:
    """Run the question, for all rows or the first ones. Its cost is bounded by the connection's statement timeout.

    Raises as `check` does.
    """
    check(connection, bound)
    with closing(rows(connection, question, bound)) as found:
        told = [row for _, row in itertools.islice(found, most)]
    return Answer(tuple(column.name for column in question.columns), told, undecided(connection, bound))


def check(connection: Connection, bound: Bound) -> None:
    """Raise UnknownSection for a section that the mall never had, BadParameter for a floor that it has not, BadWindow for a
    time whose people were moved aside.
    """
    row = connection.execute(statement("catalogue/askable"), binary=True).fetchone()
    moved_before, sections, floors = row if row is not None else (None, [], [])
    if moved_before is not None and bound.window.start.date() < moved_before:
        raise BadWindow(
            f"people of the time before {moved_before} are no longer at hand (30 days are); ask from then on"
        )
    section, floor = bound.values.get("section"), bound.values.get("floor")
    if section is not None and section not in sections:
        raise UnknownSection(f"there is no section {section!r}; known: {', '.join(sections) or 'none'}")
    if floor is not None and floor not in floors:
        raise BadParameter("floor", f"there is no floor {floor}; known: {', '.join(map(str, floors)) or 'none'}")


def rows(
    connection: Connection, question: Question, bound: Bound, start: Place | None = None
) -> Generator[tuple[Place, Row], None, None]:
    """The rows in their order, each with its place, from `start` on; close it when it is not read to its end.

    What is asked day by day comes in batches and is never held as a whole.
    """
    parts, taken = (_days(bound), _streamed) if question.by_day else (_whole(bound), _fetched)
    for day, values in parts:
        if start is None or day >= start.day:
            skipped = start.row if start is not None and day == start.day else 0
            for number, row in enumerate(taken(connection, question, {**values, "zone": bound.zone}, skipped), skipped):
                yield Place(day, number), row


def undecided(connection: Connection, bound: Bound) -> int | None:
    """How many people may or may not have the attributes asked for; None without any."""
    if bound.values.get("attribute", "{}") == "{}":
        return None
    asked = {"from": None, "to": None, "at": None, "section": None, "floor": None, **bound.values, "zone": bound.zone}
    row = connection.execute(statement(f"catalogue/undecided-{_where(asked)}"), asked).fetchone()
    return int(row[0]) if row else None


def _where(asked: Mapping[str, Any]) -> str:
    if asked["at"] is not None:
        return "at"
    return "in-window" if asked["floor"] is None else "on-floor"


def _whole(bound: Bound) -> Iterator[tuple[date, Mapping[str, Any]]]:
    yield local_day(bound.window.start, ZoneInfo(bound.zone)), bound.values


def _days(bound: Bound) -> Iterator[tuple[date, Mapping[str, Any]]]:
    """The values for each of the mall's own days that the window touches."""
    zone = ZoneInfo(bound.zone)
    start, end = bound.values["from"], bound.values["to"]
    while start < end:
        day = local_day(start, zone)
        tomorrow = datetime.combine(day + timedelta(days=1), time(), zone)
        yield day, {**bound.values, "from": start, "to": min(tomorrow, end)}
        start = tomorrow


def _streamed(connection: Connection, question: Question, values: Mapping[str, Any], skipped: int) -> Iterator[Row]:
    with _server_cursor(connection) as cursor:
        cursor.itersize = BATCH
        cursor.execute(question.sql, values)
        if skipped:
            cursor.scroll(skipped)
        told = _told(cursor)
        first = cursor.fetchmany(FIRST_BATCH)
        yield from map(told, first)
        if len(first) == FIRST_BATCH:
            yield from map(told, cursor)


@contextmanager
def _server_cursor(connection: Connection) -> Iterator[ServerCursor[Row]]:
    """A cursor in the server, closed at the end; here also where the server has gone."""
    cursor = connection.cursor("answer", binary=True)
    try:
        yield cursor
    finally:
        try:
            cursor.close()
        finally:
            Cursor.close(cursor)


def _fetched(connection: Connection, question: Question, values: Mapping[str, Any], skipped: int) -> Iterator[Row]:
    # Not through a cursor, for which PostgreSQL plans no parallel work.
    with connection.cursor(binary=True) as cursor:
        cursor.execute(question.sql, values)
        yield from map(_told(cursor), itertools.islice(cursor, skipped, None))


def _told(cursor: Cursor[Row] | ServerCursor[Row]) -> Callable[[Row], Row]:
    """A row as it is told: an object of attributes as one value for each."""
    names = [column.name for column in cursor.description or ()]
    return partial(_expanded, names) if "attributes" in names else tuple


def _expanded(names: Sequence[str], row: Row) -> Row:
    told: list[Any] = []
    for name, value in zip(names, row, strict=True):
        if name == "attributes":
            told.extend((value or {}).get(key, UNKNOWN) for key in ATTRIBUTES)
        else:
            told.append(value)
    return tuple(told)
