"""What the benchmark of the store measures in the database itself; nothing here changes what is stored."""

import os
import time
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from psycopg import Rollback
from psycopg import sql as composed

from models.world.periods import site_hours, utc_day
from sql.aside import FAMILIES, hour_of
from sql.copying import HEADER, TRAILER, copy_in
from sql.day_people import DayOfPeople
from sql.store import Connection, Store
from sql.text import statement
from sql.where import located


def loaded_days(connection: Connection) -> set[date]:
    """The mall's own days that have visitors."""
    return {day for (day,) in connection.execute(statement("measuring/days"))}


def somebody(connection: Connection, day: date) -> uuid.UUID:
    """A person of the day."""
    row = connection.execute(statement("measuring/somebody"), {"day": day}).fetchone()
    assert row is not None
    return uuid.UUID(str(row[0]))


def sizes_mb(store: Store) -> dict[str, float]:
    """Megabytes of each table with its indexes, over all partitions."""
    with store.connection() as connection:
        return {name: float(mb) for name, mb in connection.execute(statement("measuring/sizes"))}


def copied_s(store: Store, people: DayOfPeople, day: date, folder: Path) -> dict[str, Any]:
    """Rows of `person_location` of the day, and seconds to copy them into an empty table: by the server from a file, and
    from columns. The login must be a superuser, and the server's user must be able to enter the folder.
    """
    path, rows = folder / "rows.bin", 0
    with path.open("wb") as file:
        file.write(HEADER)
        for buffer in _locations(people, day):
            rows += file.write(buffer)
        file.write(TRAILER)
    os.chmod(path, 0o644)  # noqa: PTH101
    taken: dict[str, Any] = {"bytes": rows}
    for way in ("server", "bare"):
        with store.connection() as connection, connection.transaction() as attempt:
            connection.execute(statement("measuring/make-empty"))
            began = time.monotonic()
            if way == "server":
                copy = b"copy measured_location from '%b' (format binary)" % os.fsencode(path)
                taken["rows"] = connection.execute(copy).rowcount
            else:
                copy_in(connection, b"copy measured_location from stdin (format binary)", _locations(people, day))
            taken[f"{way}_s"] = time.monotonic() - began
            raise Rollback(attempt)
    return taken


LITERAL = {"literal_location": "person_id, location, taken_at", "literal_grid": "person_id, grid_id, taken_at"}
"""The positions as they were asked for at first: two tables with a primary key each, and nothing else."""


def literal(store: Store, day: date, folder: Path) -> dict[str, float]:
    """Seconds of the server's own COPY of the day's positions into such tables, and their bytes; rolled back.

    The login must be a superuser, and the server's user must be able to write into the folder.
    """
    with store.connection() as connection, connection.transaction() as attempt:
        connection.execute(statement("measuring/make-literal"))
        load_s = 0.0
        for table, columns in LITERAL.items():
            path = folder / table
            connection.execute(
                composed.SQL("copy (select {} from {}) to {} (format binary)").format(
                    composed.SQL(columns),
                    composed.Identifier(f"person_location_{day:%Y_%m_%d}"),
                    composed.Literal(str(path)),
                )
            )
            began = time.monotonic()
            connection.execute(
                composed.SQL("copy {} from {} (format binary)").format(
                    composed.Identifier(table), composed.Literal(str(path))
                )
            )
            load_s += time.monotonic() - began
        bytes_ = connection.execute(statement("measuring/literal-bytes")).fetchone()
        assert bytes_ is not None
        raise Rollback(attempt)
    return {"load_s": load_s, "bytes": float(bytes_[0])}


ROLLUPS = ("section_hour", "section_day", "grid_day", "visitor_day")


def rollup(connection: Connection, table: str, day: date) -> dict[str, list[Any]]:
    """The rows of a rollup of the day, as columns by name, without lists."""
    query = composed.SQL("select * from {} where day = %s").format(composed.Identifier(table))
    cursor = connection.execute(query, [day])
    names = [column.name for column in cursor.description or ()]
    columns = zip(*cursor.fetchall(), strict=True)
    return {name: list(column) for name, column in zip(names, columns, strict=True) if name != "lengths_m"}


def drop_s(store: Store, day: date) -> float:
    """Seconds to take a day's tables out and drop them, as retention does; rolled back."""
    with store.connection() as connection, connection.transaction() as attempt:
        began = time.monotonic()
        for family in FAMILIES:
            parent, child = (composed.Identifier(f"{family}_{day:{form}}") for form in ("%Y_%m", "%Y_%m_%d"))
            connection.execute(composed.SQL("alter table {} detach partition {}").format(parent, child))
            connection.execute(composed.SQL("drop table {}").format(child))
        took_s = time.monotonic() - began
        raise Rollback(attempt)
    return took_s


def delete_s(store: Store, day: date) -> float:
    """Seconds to delete the same rows; rolled back."""
    with store.connection() as connection, connection.transaction() as attempt:
        began = time.monotonic()
        for family in FAMILIES:
            connection.execute(composed.SQL("delete from {}").format(composed.Identifier(f"{family}_{day:%Y_%m_%d}")))
        took_s = time.monotonic() - began
        raise Rollback(attempt)
    return took_s


def _locations(people: DayOfPeople, day: date) -> Iterator[bytes]:
    for window in site_hours(utc_day(day)):
        hour = hour_of(people, window)
        yield located(hour.owners, hour.ways, window).rows(people.person_ids)
