"""The rollups of whole days, counted by numpy while the days are copied.

They mean what `refresh_rollups` in the migrations computes from what is stored; a test holds both against each other.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray
from psycopg import sql as composed

from models.world.attributes import UNKNOWN
from models.world.ways import TOUCHING_S
from sql.copying import copy_in, date_number, timestamp_us
from sql.row_bytes import FLOAT8, INT4, UUID, Fields, arrays, joined, lists, numbers, words
from sql.store import Connection
from sql.text import statement
from sql.where import Located, Visited

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]
_HOUR_US = 3_600_000_000
_MINUTE_US = 60_000_000
NOT_COUNTED = -1
"""The label of whoever is undecided for an attribute."""
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "section_hour": ("hour", "section_id", "attribute", "people", "present_ms", "present"),
    "section_day": ("section_id", "attribute", "people", "visits", "present_ms", "lengths_m"),
    "flow_hour": ("hour", "from_section", "to_section", "attribute", "people", "moves"),
    "grid_day": ("grid_id", "attribute", "people", "samples"),
    "visitor_day": ("attribute", "people"),
    "visitor_hour": ("hour", "attribute", "people"),
    "described_day": ("attribute", "person_ids"),
    "route_day": ("attribute", "routes", "people", "times"),
}
"""The tables, with their columns after the day."""


@dataclass(frozen=True)
class Labels:
    """Attribute values as they stand in rollups: `names` (l,), and which of them hold for each person: `of` (p, 1 + keys),
    a column for everybody and one for each of the `keys`.
    """

    names: list[str]
    of: Indices
    keys: list[str]

    @classmethod
    def read(cls, attributes: Mapping[str, NDArray[np.str_]], people: int) -> "Labels":
        """Of columns of values; the first label, the empty one, is everybody's."""
        names, columns = [""], [np.zeros(people, dtype=np.int64)]
        for key, values in sorted(attributes.items()):
            told, which = np.unique(values, return_inverse=True)
            columns.append(np.where(told == UNKNOWN, NOT_COUNTED, np.arange(len(told)) + len(names))[which])
            names += [f"{key}:{word}" for word in told]
        return cls(names, np.column_stack(columns), sorted(attributes))

    def unknown(self, persons: Indices) -> Iterator[tuple[str, Indices]]:
        """Of each key that somebody among these persons has a value of, those without."""
        for key, column in zip(self.keys, self.of.T[1:], strict=True):
            without = column[persons] == NOT_COUNTED
            if without.any() and not without.all():
                yield f"{key}:{UNKNOWN}", persons[without]


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
    ) -> "Tallies":
        """Count positions, visits and who was `present` in each hour; `days` (p,) says in which day each person counts."""
        labels = Labels.read(attributes, len(person_ids))
        counted: dict[date, dict[str, Sequence[Fields]]] = {}
        for day in np.unique(days):
            mine = days == day
            visits = _Visits.of([one for hour in found for one in hour], mine)
            counted[day.astype(object)] = {
                "visitor_day": _visitor_day(mine, labels),
                "visitor_hour": _visitor_hour(present, mine, labels),
                "described_day": _described_day(person_ids, mine, labels),
                "grid_day": _squares(positions, mine, labels),
                "section_hour": visits.hours(labels),
                "section_day": visits.days(labels),
                "flow_hour": visits.flows(labels),
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
class _Tally:
    """For each used pair of label and group, in this order: different people, entries, and the sum of the amounts."""

    label: Indices
    group: Indices
    people: Indices
    entries: Indices
    amounts: Indices

    @classmethod
    def of(cls, group: Indices, persons: Indices, labels: Labels, amount: Indices | None = None) -> "_Tally":
        """Of entries, each of a group and a person, and an amount if there is any."""
        span = int(group.max(initial=0)) + 1
        pairs, entries, amounts = _paired(persons * span + group, amount)
        person, code = np.divmod(pairs, span)
        many = span * len(labels.names)
        people, *totals = (np.zeros(many) for _ in range(3))
        for column in labels.of.T:
            label = column[person]
            told = slice(None) if (label != NOT_COUNTED).all() else np.flatnonzero(label != NOT_COUNTED)
            cells = label[told] * span + code[told]
            people += np.bincount(cells, minlength=many)
            for total, one in zip(totals, [entries, amounts], strict=True):
                total += np.bincount(cells, weights=one[told], minlength=many)
        used = np.flatnonzero(people)
        rounded = (np.rint(total[used]).astype(np.int64) for total in (people, *totals))
        return cls(*np.divmod(used, span), *rounded)


def _paired(codes: Indices, amount: Indices | None) -> tuple[Indices, Indices, Indices]:
    """The different codes, how often each is there, and the sum of its amounts (how often, if there are none)."""
    order = None if amount is None else np.argsort(codes, kind="stable")
    sorted_codes = np.sort(codes) if order is None else codes[order]
    first = np.flatnonzero(np.diff(sorted_codes, prepend=-1))
    entries = np.diff(np.append(first, len(codes)))
    amounts = entries if amount is None or not len(first) else np.add.reduceat(amount[order], first)
    return sorted_codes[first], entries, amounts


def _cells(person: Indices, code: Indices, span: int, labels: Labels) -> tuple[Indices, Indices]:
    """Each pair of person and group under every label of the person: label * span + group, and the pair's number."""
    told = [np.flatnonzero(column[person] != NOT_COUNTED) for column in labels.of.T]
    cells = [column[person[rows]] * span + code[rows] for column, rows in zip(labels.of.T, told, strict=True)]
    return np.concatenate(cells), np.concatenate(told)


def _visitor_day(mine: NDArray[np.bool_], labels: Labels) -> Sequence[Fields]:
    persons = np.flatnonzero(mine)
    tally = _Tally.of(np.zeros(len(persons), np.int64), persons, labels)
    return words(tally.label, labels.names), numbers(tally.people, ">i4")


def _visitor_hour(
    present: Sequence[tuple[datetime, Indices]], mine: NDArray[np.bool_], labels: Labels
) -> Sequence[Fields]:
    persons = [persons[mine[persons]] for _, persons in present]
    group = np.repeat(np.arange(len(present)), [len(one) for one in persons])
    tally = _Tally.of(group, np.concatenate(persons), labels)
    hours_us = timestamp_us(np.array([int(hour.timestamp()) * 1_000_000 for hour, _ in present]))
    return numbers(hours_us[tally.group], ">i8"), words(tally.label, labels.names), numbers(tally.people, ">i4")


def _described_day(person_ids: NDArray[np.void], mine: NDArray[np.bool_], labels: Labels) -> Sequence[Fields]:
    """Ids in order for each label, and for those without a value of a key."""
    halves = np.ascontiguousarray(person_ids).view(">u8").reshape(-1, 2)
    persons = np.lexsort([halves[:, 1], halves[:, 0]])
    persons = persons[mine[persons]]
    label, row = _cells(persons, np.zeros(len(persons), np.int64), 1, labels)
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
    tally = _Tally.of(np.searchsorted(squares, cells), persons, labels)
    counts = numbers(tally.people, ">i4"), numbers(tally.entries, ">i4")
    return numbers(squares[tally.group], ">i8"), words(tally.label, labels.names), *counts


@dataclass(frozen=True)
class _Visits:
    """Pieces of visits in order of person, section and time: sections by number, µs since 1970, m."""

    sections: list[str]
    persons: Indices
    section: Indices
    from_us: Indices
    to_us: Indices
    lengths_m: Floats

    @classmethod
    def of(cls, found: Sequence[Visited], mine: NDArray[np.bool_]) -> "_Visits":
        names = sorted({one.section_id for one in found})
        numbered = {name: number for number, name in enumerate(names)}
        nothing = [np.zeros(0, np.int64)]
        section = np.concatenate(nothing + [np.full(len(one.persons), numbered[one.section_id]) for one in found])
        persons = np.concatenate(nothing + [one.persons for one in found])
        from_us = np.concatenate(nothing + [one.from_us for one in found])
        to_us = np.concatenate(nothing + [one.to_us for one in found])
        lengths_m = np.concatenate([np.zeros(0), *(one.lengths_m for one in found)])
        kept = np.flatnonzero(mine[persons])
        order = kept[np.lexsort([from_us[kept], section[kept], persons[kept]])]
        return cls(names, persons[order], section[order], from_us[order], to_us[order], lengths_m[order])

    def whole(self) -> "_Visits":
        """Without the cuts at full hours."""
        if not len(self.persons):
            return self
        fresh = np.ones(len(self.persons), dtype=bool)
        fresh[1:] = (
            (np.diff(self.persons) != 0)
            | (np.diff(self.section) != 0)
            | (self.from_us[1:] - self.to_us[:-1] > TOUCHING_S * 1e6)
        )
        first = np.flatnonzero(fresh)
        last = np.append(first, len(fresh))[1:] - 1
        lengths_m = np.add.reduceat(self.lengths_m, first)
        whose = self.persons[first], self.section[first]
        return _Visits(self.sections, *whose, self.from_us[first], self.to_us[last], lengths_m)

    @property
    def present_us(self) -> Indices:
        """How long each took."""
        return self.to_us - self.from_us

    def hours(self, labels: Labels) -> Sequence[Fields]:
        """Columns of `section_hour`."""
        hours, which = np.unique(self.from_us // _HOUR_US, return_inverse=True)
        tally = _Tally.of(which * len(self.sections) + self.section, self.persons, labels, self.present_us)
        hour, section = np.divmod(tally.group, max(len(self.sections), 1))
        hours_us = timestamp_us(hours * _HOUR_US)
        return (
            numbers(hours_us[hour], ">i8"),
            words(section, self.sections),
            words(tally.label, labels.names),
            numbers(tally.people, ">i4"),
            numbers((tally.amounts + 500) // 1000, ">i8"),
            self._minutes(which, labels, tally),
        )

    def _minutes(self, hour: Indices, labels: Labels, tally: _Tally) -> Fields:
        """People at each full minute of an hour, for the pairs of the tally; a piece counts within its own hour."""
        number = max(len(self.sections), 1)
        group = hour * number + self.section
        span = int(group.max(initial=0)) + 1
        start_us = self.from_us // _HOUR_US * _HOUR_US
        first = -((start_us - self.from_us) // _MINUTE_US)
        last = np.minimum((self.to_us - start_us) // _MINUTE_US, 59)
        again = np.zeros(len(first), dtype=bool)
        again[1:] = (np.diff(self.persons) == 0) & (np.diff(group) == 0) & (first[1:] <= last[:-1])
        first = np.where(again, np.append(-1, last[:-1]) + 1, first)
        cells, rows = _cells(self.persons, group, span, labels)
        there = first[rows] <= last[rows]
        cells, rows = cells[there] * 61, rows[there]
        many = span * len(labels.names) * 61
        change = np.bincount(cells + first[rows], minlength=many) - np.bincount(cells + last[rows] + 1, minlength=many)
        present = np.cumsum(change.reshape(-1, 61), axis=1)[tally.label * span + tally.group, :60]
        return arrays(present.astype(">i4").ravel(), np.arange(len(present) + 1) * 60, INT4)

    def days(self, labels: Labels) -> Sequence[Fields]:
        """Columns of `section_day`."""
        stays = self.whole()
        tally = _Tally.of(stays.section, stays.persons, labels, stays.present_us)
        return (
            words(tally.group, self.sections),
            words(tally.label, labels.names),
            numbers(tally.people, ">i4"),
            numbers(tally.entries, ">i4"),
            numbers((tally.amounts + 500) // 1000, ">i8"),
            self._lengths(labels),
        )

    def _lengths(self, labels: Labels) -> Fields:
        """How far each person went in each section, ascending, by label and section."""
        span = max(len(self.sections), 1)
        pairs, which = np.unique(self.persons * span + self.section, return_inverse=True)
        lengths_m = np.bincount(which, weights=self.lengths_m, minlength=len(pairs))
        cells, rows = _cells(*np.divmod(pairs, span), span, labels)
        order = np.lexsort([lengths_m[rows], cells])
        _, first = np.unique(cells[order], return_index=True)
        return arrays(lengths_m[rows[order]].astype(">f8"), np.append(first, len(order)), FLOAT8)

    def routes(self, labels: Labels) -> Sequence[Fields]:
        """Columns of `route_day`."""
        stays = self.whole()
        order = np.lexsort([stays.section, stays.from_us, stays.persons])
        person, section = stays.persons[order], stays.section[order]
        other = np.ones(len(order), dtype=bool)
        other[1:] = (np.diff(person) != 0) | (np.diff(section) != 0)
        person, section = person[other], section[other]
        first = np.flatnonzero(person[2:] == person[:-2])
        number = max(len(self.sections), 1)
        codes, which = np.unique(
            (section[first] * number + section[first + 1]) * number + section[first + 2], return_inverse=True
        )
        tally = _Tally.of(which, person[first], labels)
        parts = np.column_stack([codes // number**2, codes // number % number, codes % number]).tolist()
        names = [" > ".join(self.sections[part] for part in three) for three in parts]
        rank = np.argsort(np.argsort(np.array(names, dtype=object))) if names else np.zeros(0, np.int64)
        order = np.lexsort([rank[tally.group], tally.label])
        used, start = np.unique(tally.label[order], return_index=True)
        edges = np.append(start, len(order))
        counts = (arrays(one[order].astype(">i4"), edges, INT4) for one in (tally.people, tally.entries))
        return words(used, labels.names), lists(tally.group[order], edges, names), *counts

    def flows(self, labels: Labels) -> Sequence[Fields]:
        """Columns of `flow_hour`."""
        stays = self.whole()
        order = np.lexsort([stays.section, stays.from_us, stays.persons])
        person, section, from_us = stays.persons[order], stays.section[order], stays.from_us[order]
        moves = 1 + np.flatnonzero((np.diff(person) == 0) & (np.diff(section) != 0))
        hours, which = np.unique(from_us[moves] // _HOUR_US, return_inverse=True)
        number = max(len(self.sections), 1)
        group = (which * number + section[moves - 1]) * number + section[moves]
        tally = _Tally.of(group, person[moves], labels)
        hour, pair = np.divmod(tally.group, number * number)
        came, went = np.divmod(pair, number)
        return (
            numbers(timestamp_us(hours * _HOUR_US)[hour], ">i8"),
            words(came, self.sections),
            words(went, self.sections),
            words(tally.label, labels.names),
            numbers(tally.people, ">i4"),
            numbers(tally.entries, ">i4"),
        )


def _dated(day: date, columns: Sequence[Fields]) -> bytes:
    dates = numbers(np.full(len(columns[0]), date_number(day)), ">i4")
    return joined(dates, *columns)
