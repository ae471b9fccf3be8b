"""Sums over visits to sections: by the hour, by the day, from one to another, and in sequences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.world.ways import TOUCHING_S
from sql.copying import timestamp_us
from sql.counting import Indices, Labels, Tally, cells_of
from sql.row_bytes import FLOAT8, INT4, Fields, arrays, lists, numbers, words
from sql.where import Visited

Floats = NDArray[np.float64]
HOUR_US = 3_600_000_000
_MINUTE_US = 60_000_000


@dataclass(frozen=True)
class Visits:
    """Pieces of visits in order of person, section and time: sections by number, µs since 1970, m."""

    sections: list[str]
    persons: Indices
    section: Indices
    from_us: Indices
    to_us: Indices
    lengths_m: Floats

    @classmethod
    def of(cls, found: Sequence[Visited], mine: NDArray[np.bool_]) -> "Visits":
        """Of some of the persons."""
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

    def whole(self) -> "Visits":
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
        return Visits(self.sections, *whose, self.from_us[first], self.to_us[last], lengths_m)

    @property
    def present_us(self) -> Indices:
        """How long each took."""
        return self.to_us - self.from_us

    def hours(self, labels: Labels) -> Sequence[Fields]:
        """Columns of `section_hour`."""
        hours, which = np.unique(self.from_us // HOUR_US, return_inverse=True)
        tally = Tally.of(which * len(self.sections) + self.section, self.persons, labels, self.present_us)
        hour, section = np.divmod(tally.group, max(len(self.sections), 1))
        hours_us = timestamp_us(hours * HOUR_US)
        return (
            numbers(hours_us[hour], ">i8"),
            words(section, self.sections),
            words(tally.label, labels.names),
            numbers(tally.people, ">i4"),
            numbers((tally.amounts + 500) // 1000, ">i8"),
            self.minutes(which, labels, tally),
        )

    def minutes(self, hour: Indices, labels: Labels, tally: Tally) -> Fields:
        """People at each full minute of an hour, for the pairs of the tally; a piece counts within its own hour."""
        number = max(len(self.sections), 1)
        group = hour * number + self.section
        span = int(group.max(initial=0)) + 1
        start_us = self.from_us // HOUR_US * HOUR_US
        first = -((start_us - self.from_us) // _MINUTE_US)
        last = np.minimum((self.to_us - start_us) // _MINUTE_US, 59)
        again = np.zeros(len(first), dtype=bool)
        again[1:] = (np.diff(self.persons) == 0) & (np.diff(group) == 0) & (first[1:] <= last[:-1])
        first = np.where(again, np.append(-1, last[:-1]) + 1, first)
        cells, rows = cells_of(self.persons, group, span, labels)
        there = first[rows] <= last[rows]
        cells, rows = cells[there] * 61, rows[there]
        many = span * len(labels.names) * 61
        change = np.bincount(cells + first[rows], minlength=many) - np.bincount(cells + last[rows] + 1, minlength=many)
        present = np.cumsum(change.reshape(-1, 61), axis=1)[tally.label * span + tally.group, :60]
        return arrays(present.astype(">i4").ravel(), np.arange(len(present) + 1) * 60, INT4)

    def days(self, labels: Labels) -> Sequence[Fields]:
        """Columns of `section_day`."""
        stays = self.whole()
        tally = Tally.of(stays.section, stays.persons, labels, stays.present_us)
        return (
            words(tally.group, self.sections),
            words(tally.label, labels.names),
            numbers(tally.people, ">i4"),
            numbers(tally.entries, ">i4"),
            numbers((tally.amounts + 500) // 1000, ">i8"),
            self.lengths(labels),
        )

    def stays(self, labels: Labels) -> Sequence[Fields]:
        """Columns of `stay_hour`; quantiles as PostgreSQL's percentile_cont has them."""
        stays = self.whole()
        hours, which = np.unique(stays.from_us // HOUR_US, return_inverse=True)
        number = max(len(self.sections), 1)
        group = which * number + stays.section
        tally = Tally.of(group, stays.persons, labels, stays.present_us)
        cells, rows = cells_of(stays.persons, group, int(group.max(initial=0)) + 1, labels)
        took_us = stays.present_us[rows]
        # One number for group and length: sorting those takes a quarter of the time that sorting by two keys takes.
        longest = int(took_us.max(initial=0)) + 1
        ascending = (np.sort(cells * longest + took_us) % longest).astype(np.float64)
        first = np.cumsum(tally.entries) - tally.entries
        hour, section = np.divmod(tally.group, number)
        return (
            numbers(timestamp_us(hours * HOUR_US)[hour], ">i8"),
            words(section, self.sections),
            words(tally.label, labels.names),
            numbers(tally.people, ">i4"),
            numbers(tally.amounts / tally.entries / 1e6, ">f8"),
            numbers(_quantile(ascending, first, tally.entries, 0.5) / 1e6, ">f8"),
            numbers(_quantile(ascending, first, tally.entries, 0.9) / 1e6, ">f8"),
        )

    def lengths(self, labels: Labels) -> Fields:
        """How far each person went in each section, ascending, by label and section."""
        span = max(len(self.sections), 1)
        pairs, which = np.unique(self.persons * span + self.section, return_inverse=True)
        lengths_m = np.bincount(which, weights=self.lengths_m, minlength=len(pairs))
        cells, rows = cells_of(*np.divmod(pairs, span), span, labels)
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
        tally = Tally.of(which, person[first], labels)
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
        hours, which = np.unique(from_us[moves] // HOUR_US, return_inverse=True)
        number = max(len(self.sections), 1)
        group = (which * number + section[moves - 1]) * number + section[moves]
        tally = Tally.of(group, person[moves], labels)
        hour, pair = np.divmod(tally.group, number * number)
        came, went = np.divmod(pair, number)
        return (
            numbers(timestamp_us(hours * HOUR_US)[hour], ">i8"),
            words(came, self.sections),
            words(went, self.sections),
            words(tally.label, labels.names),
            numbers(tally.people, ">i4"),
            numbers(tally.entries, ">i4"),
        )


def _quantile(values: Floats, first: Indices, count: Indices, share: float) -> Floats:
    """Of each group of ascending values, which begins at `first`: linear between the two nearest, definition 7 of Hyndman
    and Fan (1996).
    """
    at = share * (count - 1)
    low = np.floor(at).astype(np.int64)
    below, above = values[first + low], values[first + np.minimum(low + 1, count - 1)]
    return np.asarray(below + (at - low) * (above - below))
