"""The rollups of whole days, counted by numpy while the days are copied.

They mean what `refresh_rollups` in the migrations computes from what is stored; a test holds both against each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import sql as composed

from models.world.attributes import UNKNOWN
from models.world.periods import from_epoch_s
from models.world.ways import TOUCHING_S
from sql.store import Connection
from sql.where import Located, Visited

Indices = NDArray[np.int64]
Row = tuple[Any, ...]
_HOUR_US = 3_600_000_000
NOT_COUNTED = -1
"""The label of whoever is undecided for an attribute."""
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "section_hour": {
        "hour": "timestamptz", "section_id": "text", "attribute": "text", "people": "int4", "present_ms": "int8",
    },
    "section_day": {"section_id": "text", "attribute": "text", "people": "int4", "visits": "int4", "present_ms": "int8"},
    "flow_hour": {
        "hour": "timestamptz", "from_section": "text", "to_section": "text", "attribute": "text", "people": "int4", "moves": "int4",
    },
    "grid_day": {"grid_id": "int8", "attribute": "text", "people": "int4", "samples": "int4"},
    "visitor_day": {"attribute": "text", "people": "int4"},
    "visitor_hour": {"hour": "timestamptz", "attribute": "text", "people": "int4"},
}  # fmt: skip


@dataclass(frozen=True)
class Labels:
    """Attribute values as they stand in rollups: `names` (l,), and which of them hold for each person: `of` (p, 1 + keys)."""

    names: list[str]
    of: Indices

    @classmethod
    def read(cls, attributes: Mapping[str, NDArray[np.str_]], people: int) -> "Labels":
        """Of columns of values; the first label, the empty one, is everybody's."""
        names, columns = [""], [np.zeros(people, dtype=np.int64)]
        for key, values in sorted(attributes.items()):
            words, which = np.unique(values, return_inverse=True)
            columns.append(np.where(words == UNKNOWN, NOT_COUNTED, np.arange(len(words)) + len(names))[which])
            names += [f"{key}:{word}" for word in words]
        return cls(names, np.column_stack(columns))


@dataclass(frozen=True)
class Tallies:
    """What was counted, by the mall's own day: for each table its rows without the day."""

    rows: Mapping[date, Mapping[str, list[Row]]]

    @classmethod
    def of(
        cls,
        person_ids: NDArray[np.void],
        days: NDArray[np.datetime64],
        attributes: Mapping[str, NDArray[np.str_]],
        positions: Sequence[Located],
        found: Sequence[Sequence[Visited]],
        present: Sequence[tuple[datetime, Indices]],
    ) -> "Tallies":
        """Count positions, visits and who was `present` in each hour; `days` (p,) says in which day each person counts."""
        labels = Labels.read(attributes, len(person_ids))
        counted: dict[date, dict[str, list[Row]]] = {}
        for day in np.unique(days):
            mine = days == day
            visits = _Visits.of([one for hour in found for one in hour], mine)
            counted[day.astype(object)] = {
                "visitor_day": list(_counted(np.flatnonzero(mine), labels)),
                "visitor_hour": [
                    (hour, *row) for hour, persons in present for row in _counted(persons[mine[persons]], labels)
                ],
                "grid_day": list(_squares(positions, mine, labels)),
                "section_hour": list(visits.hours(labels)),
                "section_day": list(visits.days(labels)),
                "flow_hour": list(visits.flows(labels)),
            }
        return cls(counted)

    def copy(self, connection: Connection, days: Collection[date]) -> None:
        """Add the rows of these days."""
        for table, columns in _COLUMNS.items():
            copy = composed.SQL("copy {} (day, {}) from stdin (format binary)").format(
                composed.Identifier(table), composed.SQL(", ").join(map(composed.Identifier, columns))
            )
            with connection.cursor().copy(copy) as copying:
                copying.set_types(["date", *columns.values()])
                for day in sorted(set(days) & set(self.rows)):
                    for row in self.rows[day][table]:
                        copying.write_row((day, *row))


def _squares(positions: Sequence[Located], mine: NDArray[np.bool_], labels: Labels) -> Iterable[Row]:
    persons = np.concatenate([one.persons for one in positions])
    cells = np.concatenate([one.cells for one in positions])
    kept = mine[persons]
    squares, which = np.unique(cells[kept], return_inverse=True)
    for square, label, people, samples in _tallied(which, persons[kept], labels):
        yield int(squares[square]), label, people, samples


@dataclass(frozen=True)
class _Visits:
    """Pieces of visits in order of person, section and time: sections by number, µs since 1970."""

    sections: list[str]
    persons: Indices
    section: Indices
    from_us: Indices
    to_us: Indices

    @classmethod
    def of(cls, found: Sequence[Visited], mine: NDArray[np.bool_]) -> "_Visits":
        names = sorted({one.section_id for one in found})
        numbers = {name: number for number, name in enumerate(names)}
        nothing = [np.zeros(0, np.int64)]
        section = np.concatenate(nothing + [np.full(len(one.persons), numbers[one.section_id]) for one in found])
        persons = np.concatenate(nothing + [one.persons for one in found])
        from_us = np.concatenate(nothing + [one.from_us for one in found])
        to_us = np.concatenate(nothing + [one.to_us for one in found])
        kept = np.flatnonzero(mine[persons])
        order = kept[np.lexsort([from_us[kept], section[kept], persons[kept]])]
        return cls(names, persons[order], section[order], from_us[order], to_us[order])

    def whole(self) -> "_Visits":
        """Without the cuts at full hours."""
        fresh = np.ones(len(self.persons), dtype=bool)
        fresh[1:] = (
            (np.diff(self.persons) != 0)
            | (np.diff(self.section) != 0)
            | (self.from_us[1:] - self.to_us[:-1] > TOUCHING_S * 1e6)
        )
        first = np.flatnonzero(fresh)
        last = np.append(first, len(fresh))[1:] - 1
        return _Visits(self.sections, self.persons[first], self.section[first], self.from_us[first], self.to_us[last])

    @property
    def present_ms(self) -> Indices:
        """How long each took."""
        return np.rint((self.to_us - self.from_us) / 1e6 * 1000).astype(np.int64)

    def hours(self, labels: Labels) -> Iterable[Row]:
        """Rows of `section_hour`."""
        hours, which = np.unique(self.from_us // _HOUR_US, return_inverse=True)
        group = which * len(self.sections) + self.section
        for code, label, people, _, present_ms in _tallied(group, self.persons, labels, self.present_ms):
            hour, section = divmod(code, len(self.sections))
            yield from_epoch_s(int(hours[hour]) * 3600), self.sections[section], label, people, present_ms

    def days(self, labels: Labels) -> Iterable[Row]:
        """Rows of `section_day`."""
        stays = self.whole()
        for code, label, people, visits, present_ms in _tallied(stays.section, stays.persons, labels, stays.present_ms):
            yield self.sections[code], label, people, visits, present_ms

    def flows(self, labels: Labels) -> Iterable[Row]:
        """Rows of `flow_hour`."""
        stays = self.whole()
        order = np.lexsort([stays.section, stays.from_us, stays.persons])
        person, section, from_us = stays.persons[order], stays.section[order], stays.from_us[order]
        moves = 1 + np.flatnonzero((np.diff(person) == 0) & (np.diff(section) != 0))
        hours, which = np.unique(from_us[moves] // _HOUR_US, return_inverse=True)
        number = len(self.sections)
        group = (which * number + section[moves - 1]) * number + section[moves]
        for code, label, people, times in _tallied(group, person[moves], labels):
            hour, pair = divmod(code, number * number)
            came, went = divmod(pair, number)
            yield from_epoch_s(int(hours[hour]) * 3600), self.sections[came], self.sections[went], label, people, times


def _counted(persons: Indices, labels: Labels) -> Iterable[Row]:
    for _, label, people, _ in _tallied(np.zeros(len(persons), np.int64), persons, labels):
        yield label, people


def _tallied(group: Indices, persons: Indices, labels: Labels, amount: Indices | None = None) -> Iterable[Row]:
    """For each group and label: different people, entries, and the sum of the amounts if there are any."""
    if not len(group):
        return
    span = int(group.max()) + 1
    pairs, which = np.unique(persons * span + group, return_inverse=True)
    person, code = np.divmod(pairs, span)
    entries = np.bincount(which)
    amounts = [] if amount is None else [np.bincount(which, weights=amount)]
    people, *totals = (np.zeros(span * len(labels.names)) for _ in range(2 + len(amounts)))
    for column in labels.of.T:
        told = column[person] != NOT_COUNTED
        cell = code[told] * len(labels.names) + column[person[told]]
        people += np.bincount(cell, minlength=len(people))
        for total, one in zip(totals, [entries, *amounts], strict=True):
            total += np.bincount(cell, weights=one[told], minlength=len(people))
    used = np.flatnonzero(people)
    groups, label = np.divmod(used, len(labels.names))
    columns = [np.rint(one[used]).astype(np.int64).tolist() for one in (people, *totals)]
    yield from zip(groups.tolist(), [labels.names[one] for one in label], *columns, strict=True)
