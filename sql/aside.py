"""The tables of a UTC day, built aside: seen by nobody before they are swapped in. Two connections copy and index at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from psycopg import sql as composed

from models.world.periods import Window, site_hours, utc_day
from models.world.ways import Indices, Ways
from sql.copying import copy_in, track_rows
from sql.day_people import DayOfPeople
from sql.store import Store
from sql.text import statement
from sql.where import Located, Visited, borders, check_floors, located, visit_rows, visited

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "person_location": ("person_id", "taken_at", "floor", "location", "grid_id"),
    "person_track": ("person_id", "floor", "starts_at", "ends_at", "length_m", "path"),
    "section_visit": ("person_id", "section_id", "starts_at", "ends_at", "length_m"),
}
"""What is built aside, with the columns in the order of the copied rows."""
CONNECTIONS = 2


@dataclass(frozen=True)
class Hour:
    """The paths of one full hour in order of time, and whose they are."""

    window: Window
    owners: Indices
    ways: Ways


def hour_of(people: DayOfPeople, window: Window) -> Hour:
    """The part of the day that begins within the hour."""
    starts_s = people.ways.starts_s
    numbers = np.flatnonzero((starts_s >= window.start_s) & (starts_s < window.end_s))
    numbers = numbers[np.lexsort([people.owners[numbers], starts_s[numbers]])]
    return Hour(window, people.owners[numbers], people.ways.chosen(numbers))


class Aside:
    """The tables of a day while they are built, by the threads of a pool with `CONNECTIONS` workers.

    `hours` are the day's paths by the hour; positions and visits are known when their rows are copied, long before the
    tables are indexed. Raises ValueError for a floor that the mall has not.
    """

    def __init__(self, store: Store, pool: ThreadPoolExecutor, people: DayOfPeople, day: date, mark: str) -> None:
        self._store, self._people, self._day, self._mark = store, people, day, mark
        window = utc_day(day)
        with store.connection() as connection:
            check_floors(connection, np.unique(people.ways.floors).tolist())
            self._held = borders(connection, window)
        self.hours = [hour_of(people, hour) for hour in site_hours(window)]
        self._positions: list[Located] = []
        self._found: list[list[Visited]] = []
        # In this order a worker that waits for a copy waits for one that has begun.
        self._copied = {
            family: pool.submit(self._copy, family, rows)
            for family, rows in (
                ("person_location", self._location_rows),
                ("person_track", self._track_rows),
                ("section_visit", self._visit_rows),
            )
        }
        self._indexed = [pool.submit(self._index, family, copied) for family, copied in self._copied.items()]

    def positions(self) -> Sequence[Located]:
        """Where people were, hour by hour."""
        self._copied["person_location"].result()
        return self._positions

    def visits(self) -> Sequence[Sequence[Visited]]:
        """Who was in which section, hour by hour."""
        self._copied["section_visit"].result()
        return self._found

    def finish(self) -> None:
        """Wait until the tables can be swapped in. Raises what kept one of them from being built."""
        for future in self._indexed:
            future.result()

    def _location_rows(self) -> Iterator[bytes]:
        for hour in self.hours:
            self._positions.append(located(hour.owners, hour.ways, hour.window))
            yield self._positions[-1].rows(self._people.person_ids)

    def _track_rows(self) -> Iterator[bytes]:
        for hour in self.hours:
            yield track_rows(self._people.person_ids[hour.owners], hour.ways)

    def _visit_rows(self) -> Iterator[bytes]:
        for hour in self.hours:
            self._found.append(visited(hour.owners, hour.ways, self._held))
            yield visit_rows(self._found[-1], self._people.person_ids)

    def _copy(self, family: str, rows: Callable[[], Iterator[bytes]]) -> None:
        with self._store.connection() as connection:
            connection.execute(statement("days/make-aside"), self._key(family))
            copy_in(connection, _copy_statement(family, self._day, self._mark), rows())

    def _index(self, family: str, copied: "Future[None]") -> None:
        copied.result()
        with self._store.connection() as connection:
            connection.execute(statement("days/index-aside"), self._key(family))

    def _key(self, family: str) -> dict[str, Any]:
        return {"family": family, "day": self._day, "mark": self._mark}


def _copy_statement(family: str, day: date, mark: str) -> composed.Composed:
    # Frozen: the table is seen by nobody before it is swapped in, and then by everybody.
    return composed.SQL("copy {} ({}) from stdin (format binary, freeze)").format(
        composed.Identifier(f"{family}_{day:%Y_%m_%d}_aside_{mark}"),
        composed.SQL(", ").join(map(composed.Identifier, FAMILIES[family])),
    )
