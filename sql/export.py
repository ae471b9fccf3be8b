"""A UTC day as an export reads it: table by table and hour by hour in short transactions, so that no load waits for it.

That what was read is all of one day, and not half an older one, is told by `state`: the same before and after.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from models.world.errors import BadWindow, Busy, NotFound
from models.world.periods import Window, utc_day
from sql import locks
from sql.store import Connection, Store
from sql.text import statement

Row = tuple[Any, ...]
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "people": ("person_id", "day", "first_seen", "last_seen", "distance_m", "version", "attributes"),
    "paths": ("person_id", "floor", "starts_at", "ends_at", "length_m", "path", "unseen"),
    "positions": ("person_id", "taken_at", "floor", "x_m", "y_m", "grid_id"),
    "visits": ("person_id", "section_id", "starts_at", "ends_at"),
    "coverage": ("camera_id", "starts_at", "ends_at", "extractor", "reason"),
}
"""What can be read of a day. Ids are text, `path` is WKB (LineStringM, little-endian), `unseen` pairs of times, or None where
that is not known, `attributes` key -> value."""


def days(connection: Connection, now: datetime) -> list[date]:
    """The UTC days before today of which something is loaded and at hand."""
    return [day for (day,) in connection.execute(statement("export/loaded-days"), {"now": now})]


def state(connection: Connection, day: date) -> str:
    """A digest that is another one whenever something of the day has changed.

    Raises NotFound where nothing was ever loaded, BadWindow for a day that was moved aside.
    """
    window = utc_day(day)
    moved = connection.execute(statement("catalogue/moved-before")).fetchone()
    if moved is not None and day < moved[0]:
        raise BadWindow(f"{day} was moved aside and can no longer be exported; days from {moved[0]} on can")
    row = connection.execute(statement("export/state"), {"start": window.start, "end": window.end}).fetchone()
    if row is None:
        raise NotFound(f"nothing of {day} is loaded, so there is nothing to export")
    return str(row[0])


def rows(connection: Connection, table: str, window: Window, most: int) -> Iterator[list[Row]]:
    """The table's rows (`COLUMNS`) within the window, in order of time, at most so many at once."""
    with connection.cursor(name="export") as cursor:
        cursor.itersize = most
        cursor.execute(statement(f"export/{table}"), {"start": window.start, "end": window.end}, binary=True)
        while found := cursor.fetchmany(most):
            yield found


@contextmanager
def alone(store: Store, day: date) -> Iterator[None]:
    """Keeps other exports of the day out. Raises Busy while there is one."""
    with locks.alone(store, "mall export", day.toordinal()) as is_alone:
        if not is_alone:
            raise Busy(f"another export of {day} is at work; wait until it has ended")
        yield
