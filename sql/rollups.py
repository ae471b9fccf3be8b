"""The rollups of whole days, counted by numpy while the days are copied.

They mean what `refresh_rollups` in the migrations computes from what is stored; a test holds both against each other.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray
from psycopg import sql as composed

from sql.copying import copy_in, date_number, timestamp_us
from sql.counting import Indices, Labels, Tally, cells_of
from sql.row_bytes import UUID, Fields, arrays, joined, numbers, words
from sql.store import Connection
from sql.text import statement
from sql.visit_sums import HOUR_US, Visits
from sql.where import Located, Visited

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "section_hour": ("hour", "section_id", "attribute", "people", "present_ms", "present"),
    "section_day": ("section_id", "attribute", "people", "visits", "present_ms", "lengths_m"),
    "flow_hour": ("hour", "from_section", "to_section", "attribute", "people", "moves"),
    "stay_hour": ("hour", "section_id", "attribute", "people", "average_s", "median_s", "ninth_decile_s"),
    "floor_hour": ("hour", "from_floor", "to_floor", "attribute", "people", "times"),
    "grid_day": ("grid_id", "attribute", "people", "samples"),
    "visitor_day": ("attribute", "people"),
    "visitor_hour": ("hour", "attribute", "people"),
    "described_day": ("attribute", "person_ids"),
    "route_day": ("attribute", "routes", "people", "times"),
}
"""The tables, with their columns after the day."""


@dataclass(frozen=True)
class Tallies:
    """What was counted, by the mall's own day: for each table its columns after the day, as fields of a binary COPY."""

    rows: Mapping[date, Mapping[str, Sequence[Fields]]]

    @classmethod
    def of(
        cls,
        person_ids: NDArray[np.void],
        days: NDArray[np.datetime64],
        attributes: Mapping[str, NDArray[np.str_]],
        positions: Sequence[Located],
        found: Sequence[Sequence[Visited]],
        present: Sequence[tuple[datetime, Indices]],
        on_floors: "OnFloors",
    ) -> "Tallies":
        """Count positions, visits, who was `present` in each hour and changes of floors; `days` (p,) says in which day each
        person counts.
        """
        labels = Labels.read(attributes, len(person_ids))
        counted: dict[date, dict[str, Sequence[Fields]]] = {}
        for day in np.unique(days):
            mine = days == day
            visits = Visits.of([one for hour in found for one in hour], mine)
            counted[day.astype(object)] = {
                "visitor_day": _visitor_day(mine, labels),
                "visitor_hour": _visitor_hour(present, mine, labels),
                "described_day": _described_day(person_ids, mine, labels),
                "grid_day": _squares(positions, mine, labels),
                "section_hour": visits.hours(labels),
                "section_day": visits.days(labels),
                "flow_hour": visits.flows(labels),
                "stay_hour": visits.stays(labels),
                "floor_hour": on_floors.changes(mine, labels),
                "route_day": visits.routes(labels),
            }
        return cls(counted)

    def replace(self, connection: Connection, days: Collection[date]) -> None:
        """Put the rows of these days in the place of what was there."""
        connection.execute(statement("days/delete-rollups"), {"days": sorted(days)})
        for table, columns in _COLUMNS.items():
            copy = composed.SQL("copy {} (day, {}) from stdin (format binary)").format(
                composed.Identifier(table), composed.SQL(", ").join(map(composed.Identifier, columns))
            )
            copy_in(
                connection, copy, [_dated(day, self.rows[day][table]) for day in sorted(set(days) & set(self.rows))]
            )


@dataclass(frozen=True)
class OnFloors:
    """Since when who was on which floor: person by number, µs since 1970, floor, each (k,), in any order."""

    persons: Indices
    starts_us: Indices
    floors: Indices

    def changes(self, mine: NDArray[np.bool_], labels: Labels) -> Sequence[Fields]:
        """Columns of `floor_hour`, of some of the persons."""
        kept = np.flatnonzero(mine[self.persons])
        order = kept[np.lexsort([self.floors[kept], self.starts_us[kept], self.persons[kept]])]
        person, starts_us = self.persons[order], self.starts_us[order]
        floors, floor = np.unique(self.floors[order], return_inverse=True)
        changed = 1 + np.flatnonzero((np.diff(person) == 0) & (np.diff(floor) != 0))
        hours, which = np.unique(starts_us[changed] // HOUR_US, return_inverse=True)
        number = max(len(floors), 1)
        group = (which * number + floor[changed - 1]) * number + floor[changed]
        tally = Tally.of(group, person[changed], labels)
        hour, pair = np.divmod(tally.group, number * number)
        before, after = np.divmod(pair, number)
        return (
            numbers(timestamp_us(hours * HOUR_US)[hour], ">i8"),
            numbers(floors[before], ">i2"),
            numbers(floors[after], ">i2"),
            words(tally.label, labels.names),
            numbers(tally.people, ">i4"),
            numbers(tally.entries, ">i4"),
        )


def _visitor_day(mine: NDArray[np.bool_], labels: Labels) -> Sequence[Fields]:
    persons = np.flatnonzero(mine)
    tally = Tally.of(np.zeros(len(persons), np.int64), persons, labels)
    return words(tally.label, labels.names), numbers(tally.people, ">i4")


def _visitor_hour(
    present: Sequence[tuple[datetime, Indices]], mine: NDArray[np.bool_], labels: Labels
) -> Sequence[Fields]:
    persons = [persons[mine[persons]] for _, persons in present]
    group = np.repeat(np.arange(len(present)), [len(one) for one in persons])
    tally = Tally.of(group, np.concatenate(persons), labels)
    hours_us = timestamp_us(np.array([int(hour.timestamp()) * 1_000_000 for hour, _ in present]))
    return numbers(hours_us[tally.group], ">i8"), words(tally.label, labels.names), numbers(tally.people, ">i4")


def _described_day(person_ids: NDArray[np.void], mine: NDArray[np.bool_], labels: Labels) -> Sequence[Fields]:
    """Ids in order for each label, and for those without a value of a key."""
    halves = np.ascontiguousarray(person_ids).view(">u8").reshape(-1, 2)
    persons = np.lexsort([halves[:, 1], halves[:, 0]])
    persons = persons[mine[persons]]
    label, row = cells_of(persons, np.zeros(len(persons), np.int64), 1, labels)
    order = np.argsort(label, kind="stable")
    used, first = np.unique(label[order], return_index=True)
    without = dict(labels.unknown(persons))
    listed = np.concatenate([persons[row[order]], *without.values()])
    edges = np.concatenate([first, len(row) + np.cumsum([0, *map(len, without.values())])])
    names = [*(labels.names[one] for one in used), *without]
    return words(np.arange(len(names)), names), arrays(person_ids[listed], edges, UUID)


def _squares(positions: Sequence[Located], mine: NDArray[np.bool_], labels: Labels) -> Sequence[Fields]:
    persons = np.concatenate([one.persons for one in positions])
    cells = np.concatenate([one.cells for one in positions])
    if not mine.all():
        kept = mine[persons]
        persons, cells = persons[kept], cells[kept]
    squares = np.unique(cells)
    tally = Tally.of(np.searchsorted(squares, cells), persons, labels)
    counts = numbers(tally.people, ">i4"), numbers(tally.entries, ">i4")
    return numbers(squares[tally.group], ">i8"), words(tally.label, labels.names), *counts


def _dated(day: date, columns: Sequence[Fields]) -> bytes:
    dates = numbers(np.full(len(columns[0]), date_number(day)), ">i4")
    return joined(dates, *columns)
