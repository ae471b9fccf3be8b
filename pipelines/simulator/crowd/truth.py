"""What the questions must answer about a crowd, worked out from its walks alone: no store, no SQL, no shared geometry.

All sections are rectangles here, so a straight step is cut by their four sides; visits are whole from the start, and are
cut by windows and hours afterwards. Rows are as in the catalogue, numbers unrounded, in no particular order.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.world.ways import Floats, Indices
from pipelines.simulator.crowd.building import boxes, site
from pipelines.simulator.crowd.walking import Day

CELL_M, SAMPLE_S, TOUCHING_S, HOUR_S = 2.0, 30.0, 0.001, 3600.0
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Stays:
    """Visits to sections: persons by number, sections by name, from when to when."""

    persons: Indices
    sections: NDArray[np.str_]
    from_s: Floats
    to_s: Floats

    def cut(self, from_s: float, to_s: float, people: NDArray[np.bool_]) -> "Stays":
        """Those of some people, within a window."""
        keep = (self.from_s < to_s) & (self.to_s > from_s) & people[self.persons]
        starts, ends = np.maximum(self.from_s[keep], from_s), np.minimum(self.to_s[keep], to_s)
        return Stays(self.persons[keep], self.sections[keep], starts, ends)

    def of(self, section: str | None) -> "Stays":
        """Those of one section, or all."""
        keep = np.ones(len(self.persons), dtype=bool) if section is None else self.sections == section
        return Stays(self.persons[keep], self.sections[keep], self.from_s[keep], self.to_s[keep])


class Truth:
    """The answers about one day."""

    def __init__(self, day: Day) -> None:
        self.day, self._stays = day, _stays(day)
        self._steps = np.flatnonzero(np.diff(day.stays) == 0)

    def people(self, wanted: Mapping[str, str]) -> NDArray[np.bool_]:
        """Who has all the values."""
        found = np.ones(len(self.day), dtype=bool)
        for key, value in wanted.items():
            found &= self.day.attributes[key] == value
        return found

    def footfall(self, from_s: float, to_s: float, section: str | None, wanted: Mapping[str, str]) -> Rows:
        """Section, hour, people, minutes together."""
        stays, rows = self._stays.cut(from_s, to_s, self.people(wanted)).of(section), []
        for hour_s in np.arange(np.floor(from_s / HOUR_S) * HOUR_S, to_s, HOUR_S):
            within = stays.cut(hour_s, hour_s + HOUR_S, np.ones(len(self.day), dtype=bool))
            for name in np.unique(within.sections):
                mine = within.of(str(name))
                minutes = (mine.to_s - mine.from_s).sum() / 60
                rows.append((str(name), _time(hour_s), len(np.unique(mine.persons)), minutes))
        return rows

    def dwell_time(self, from_s: float, to_s: float, section: str | None, wanted: Mapping[str, str]) -> Rows:
        """Section, people, visits, minutes a person, minutes a visit."""
        stays, rows = self._stays.cut(from_s, to_s, self.people(wanted)).of(section), []
        for name in np.unique(stays.sections):
            mine = stays.of(str(name))
            people, minutes = len(np.unique(mine.persons)), (mine.to_s - mine.from_s).sum() / 60
            rows.append((str(name), people, len(mine.persons), minutes / people, minutes / len(mine.persons)))
        return rows

    def people_in_section(self, section: str, at_s: float, wanted: Mapping[str, str]) -> Rows:
        """Section, moment, people."""
        mine, people = self._stays.of(section), self.people(wanted)
        there = (mine.from_s <= at_s) & (mine.to_s >= at_s) & people[mine.persons]
        return [(section, _time(at_s), len(np.unique(mine.persons[there])))]

    def people_over_time(
        self, section: str, from_s: float, to_s: float, wanted: Mapping[str, str], step_s: float = 900.0
    ) -> Rows:
        """Section, moment, people."""
        return [
            row
            for at_s in np.arange(from_s, to_s, step_s)
            for row in self.people_in_section(section, float(at_s), wanted)
        ]

    def flows(self, from_s: float, to_s: float, wanted: Mapping[str, str]) -> Rows:
        """From, to, people (once an hour), moves."""
        stays, people = self._stays, self.people(wanted)
        order = np.lexsort([stays.sections, stays.from_s, stays.persons])
        moves: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for before, after in itertools.pairwise(order):
            person, at_s = stays.persons[after], stays.from_s[after]
            if stays.persons[before] != person or stays.sections[before] == stays.sections[after]:
                continue
            if people[person] and from_s <= at_s < to_s:
                pair = str(stays.sections[before]), str(stays.sections[after])
                moves.setdefault(pair, []).append((int(person), int(at_s // HOUR_S)))
        return [(*pair, len(set(who)), len(who)) for pair, who in moves.items()]

    def queue_waiting(self, section: str, from_s: float, to_s: float, wanted: Mapping[str, str]) -> Rows:
        """Section, hour, people, average, median and ninth decile of minutes."""
        stays, rows = self._stays.cut(from_s, to_s, self.people(wanted)).of(section), []
        hours, minutes = stays.from_s // HOUR_S, (stays.to_s - stays.from_s) / 60
        for hour in np.unique(hours):
            mine = hours == hour
            deciles = np.quantile(minutes[mine], [0.5, 0.9])
            people = len(np.unique(stays.persons[mine]))
            rows.append((section, _time(hour * HOUR_S), people, minutes[mine].mean(), *deciles))
        return rows

    def visitors(self, from_s: float, to_s: float, wanted: Mapping[str, str]) -> Rows:
        """Day, people."""
        present = np.unique(self._present(from_s, to_s))
        people = int(self.people(wanted)[present].sum())
        return [(self.day.day.isoformat(), people)] if people else []

    def average_distance(self, from_s: float, to_s: float, wanted: Mapping[str, str]) -> Rows:
        """People, average and median metres."""
        metres = self._walked_m(from_s, to_s)
        mine = np.unique(self._present(from_s, to_s))
        mine = mine[self.people(wanted)[mine]]
        if not len(mine):
            return [(0, None, None)]
        return [(len(mine), metres[mine].mean(), float(np.median(metres[mine])))]

    def average_distance_in(self, section: str, from_s: float, to_s: float, wanted: Mapping[str, str]) -> Rows:
        """People, average and median metres inside a section."""
        mine, metres = self._walked_in_m(section, from_s, to_s)
        metres = metres[mine[self.people(wanted)[mine]]]
        if not len(metres):
            return [(0, None, None)]
        return [(len(metres), metres.mean(), float(np.median(metres)))]

    def people_there(self, section: str | None, from_s: float, to_s: float, wanted: Mapping[str, str]) -> Rows:
        """Person, first and last sight, metres; with a section, inside it."""
        if section is None:
            step, low, high = self._cut_steps(from_s, to_s)
            took_s = self.day.times_s[step + 1] - self.day.times_s[step]
            starts_s, ends_s = (self.day.times_s[step] + share * took_s for share in (low, high))
            persons, metres = self.day.persons[step], self._walked_m(from_s, to_s)
        else:
            stays = self._stays.cut(from_s, to_s, np.ones(len(self.day), dtype=bool)).of(section)
            persons, starts_s, ends_s = stays.persons, stays.from_s, stays.to_s
            _, metres = self._walked_in_m(section, from_s, to_s)
        there = np.unique(persons)
        return [
            (int(one), _time(starts_s[persons == one].min()), _time(ends_s[persons == one].max()), float(metres[one]))
            for one in there[self.people(wanted)[there]]
        ]

    def where(self, person: int, at_s: float) -> list[tuple[int, float, float]]:
        """Floor and metres, for each stay that lasts at that moment, to a millisecond."""
        day, mine = self.day, np.flatnonzero(self.day.persons == person)
        found = []
        for stay in np.unique(day.stays[mine]):
            corners = mine[day.stays[mine] == stay]
            times_s = day.times_s[corners]
            if times_s[0] - TOUCHING_S <= at_s <= times_s[-1] + TOUCHING_S:
                x_m, y_m = (float(np.interp(at_s, times_s, day.xy_m[corners, axis])) for axis in (0, 1))
                found.append((int(day.floors[corners[0]]), x_m, y_m))
        return found

    def busiest_times(self, from_s: float, to_s: float, wanted: Mapping[str, str]) -> Rows:
        """Weekday, clock, people, people an hour: of a window within one day, in which no clock comes twice while anybody is there."""
        rows = []
        for hour_s in np.arange(np.floor(from_s / HOUR_S) * HOUR_S, to_s, HOUR_S):
            people = len(self.people_there(None, max(hour_s, from_s), min(hour_s + HOUR_S, to_s), wanted))
            local = _time(hour_s).astimezone(site().time_zone)
            if people:
                rows.append((f"{local:%A}", f"{local:%H:%M}", people, float(people)))
        return rows

    def floor_changes(self, from_s: float, to_s: float, wanted: Mapping[str, str]) -> Rows:
        """Hour, floors, people, times: by when each stay begins within the window."""
        day, people = self.day, self.people(wanted)
        firsts = np.flatnonzero(np.diff(day.stays, prepend=-1))
        lasts = np.append(firsts[1:], len(day.stays)) - 1
        changes: dict[tuple[int, str], list[int]] = {}
        for before, after in itertools.pairwise(range(len(firsts))):
            person, at_s = int(day.persons[firsts[after]]), day.times_s[firsts[after]]
            left, came = int(day.floors[firsts[before]]), int(day.floors[firsts[after]])
            seen_before = day.persons[firsts[before]] == person and day.times_s[lasts[before]] > from_s
            if seen_before and left != came and people[person] and from_s <= at_s < to_s:
                changes.setdefault((int(at_s // HOUR_S), f"{left} to {came}"), []).append(person)
        return [(_time(hour * HOUR_S), floors, len(set(who)), len(who)) for (hour, floors), who in changes.items()]

    def passers_by(
        self,
        from_s: float,
        to_s: float,
        floor: int,
        at_m: tuple[float, float],
        radius_m: float,
        wanted: Mapping[str, str],
    ) -> Rows:
        """Person, moment, metres."""
        day, (step, low, high) = self.day, self._cut_steps(from_s, to_s)
        on_floor = day.floors[step] == floor
        step, low, high = step[on_floor], low[on_floor], high[on_floor]
        move = day.xy_m[step + 1] - day.xy_m[step]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = ((np.array(at_m) - day.xy_m[step]) * move).sum(axis=1) / (move**2).sum(axis=1)
        share = np.clip(np.nan_to_num(share), low, high)
        away = np.linalg.norm(day.xy_m[step] + share[:, None] * move - at_m, axis=1)
        people, rows = self.people(wanted), []
        for person in np.unique(day.persons[step[away <= radius_m]]):
            mine = np.flatnonzero(day.persons[step] == person)
            best = mine[away[mine].argmin()]
            took_s = day.times_s[step[best] + 1] - day.times_s[step[best]]
            if people[person]:
                rows.append((int(person), float(day.times_s[step[best]] + share[best] * took_s), float(away[best])))
        return rows

    def heat_map(self, from_s: float, to_s: float, floor: int, wanted: Mapping[str, str]) -> Rows:
        """Floor, middle of the square, people, minutes: by a sample at each half minute and at the ends of each stay."""
        day, people = self.day, self.people(wanted)
        squares: dict[tuple[float, ...], list[int]] = {}
        firsts = np.append(np.flatnonzero(np.diff(day.stays, prepend=-1)), len(day.stays))
        for first, end in itertools.pairwise(firsts):
            if day.floors[first] != floor or not people[day.persons[first]]:
                continue
            times_s, places = day.times_s[first:end], day.xy_m[first:end]
            ticks = np.arange(np.ceil(times_s[0] / SAMPLE_S), np.floor(times_s[-1] / SAMPLE_S) + 1) * SAMPLE_S
            moments = np.unique(np.concatenate([[times_s[0]], ticks, [times_s[-1]]]))
            moments = moments[(moments >= from_s) & (moments < to_s)]
            cells = np.floor(
                np.column_stack([np.interp(moments, times_s, places[:, axis]) for axis in (0, 1)]) / CELL_M
            )
            for cell in map(tuple, cells.tolist()):
                squares.setdefault(cell, []).append(int(day.persons[first]))
        return [(floor, x * CELL_M + 1, y * CELL_M + 1, len(set(who)), len(who) / 2) for (x, y), who in squares.items()]

    def common_routes(self, from_s: float, to_s: float, wanted: Mapping[str, str], length: int = 3) -> Rows:
        """Route, people, times; all of them."""
        stays = self._stays.cut(from_s, to_s, self.people(wanted))
        order = np.lexsort([stays.sections, stays.from_s, stays.persons])
        routes: dict[str, list[int]] = {}
        for person in np.unique(stays.persons):
            names = [str(stays.sections[one]) for one in order if stays.persons[one] == person]
            names = [name for number, name in enumerate(names) if not number or names[number - 1] != name]
            for start in range(len(names) - length + 1):
                routes.setdefault(" > ".join(names[start : start + length]), []).append(int(person))
        return [(route, len(set(who)), len(who)) for route, who in routes.items()]

    def _present(self, from_s: float, to_s: float) -> Indices:
        return self.day.persons[self._cut_steps(from_s, to_s)[0]]

    def _walked_m(self, from_s: float, to_s: float) -> Floats:
        step, low, high = self._cut_steps(from_s, to_s)
        metres = np.linalg.norm(self.day.xy_m[step + 1] - self.day.xy_m[step], axis=1) * (high - low)
        return np.asarray(
            np.bincount(self.day.persons[step], weights=metres, minlength=len(self.day)), dtype=np.float64
        )

    def _walked_in_m(self, section: str, from_s: float, to_s: float) -> tuple[Indices, Floats]:
        """Who was in a section, and how far each went in it: (p,) of everybody."""
        step, low, high = self._cut_steps(from_s, to_s)
        floor, box = boxes()[section]
        row, first, last = _shares_in_box(self.day, step, low, high, floor, box)
        move = self.day.xy_m[step[row] + 1] - self.day.xy_m[step[row]]
        persons = self.day.persons[step[row]]
        metres = np.bincount(persons, weights=np.linalg.norm(move, axis=1) * (last - first), minlength=len(self.day))
        return np.unique(persons), np.asarray(metres, dtype=np.float64)

    def _cut_steps(self, from_s: float, to_s: float) -> tuple[Indices, Floats, Floats]:
        """The steps within a window, and which share of each."""
        starts, ends = self.day.times_s[self._steps], self.day.times_s[self._steps + 1]
        low, high = (np.clip((bound - starts) / (ends - starts), 0, 1) for bound in (from_s, to_s))
        keep = high > low
        return self._steps[keep], low[keep], high[keep]


def _stays(day: Day) -> Stays:
    step = np.flatnonzero(np.diff(day.stays) == 0)
    took_s = day.times_s[step + 1] - day.times_s[step]
    parts = [_in_box(day, step, took_s, name, *where) for name, where in sorted(boxes().items())]
    columns: Iterable[Any] = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Stays(*columns)


def _in_box(
    day: Day, step: Indices, took_s: Floats, name: str, floor: int, box: Any
) -> tuple[Indices, NDArray[np.str_], Floats, Floats]:
    row, low, high = _shares_in_box(day, step, np.zeros(len(step)), np.ones(len(step)), floor, box)
    starts = day.times_s[step[row]]
    from_s, to_s, person = starts + low * took_s[row], starts + high * took_s[row], day.persons[step[row]]
    fresh = np.ones(len(row), dtype=bool)
    fresh[1:] = (np.diff(person) != 0) | (from_s[1:] > to_s[:-1] + TOUCHING_S)
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(row)) - 1 if len(row) else first
    return person[first], np.full(len(first), name, dtype="U32"), from_s[first], to_s[last]


def _shares_in_box(
    day: Day, step: Indices, low: Floats, high: Floats, floor: int, box: Any
) -> tuple[Indices, Floats, Floats]:
    """Of the shares `low` to `high` of steps those in a box: which step, and from which share to which."""
    begin, move = day.xy_m[step], day.xy_m[step + 1] - day.xy_m[step]
    inside = day.floors[step] == floor
    for axis in (0, 1):
        moves = move[:, axis] != 0
        with np.errstate(divide="ignore", invalid="ignore"):
            first, last = ((box[axis + side] - begin[:, axis]) / move[:, axis] for side in (0, 2))
        low = np.where(moves, np.maximum(low, np.minimum(first, last)), low)
        high = np.where(moves, np.minimum(high, np.maximum(first, last)), high)
        inside &= moves | ((begin[:, axis] >= box[axis]) & (begin[:, axis] <= box[axis + 2]))
    row = np.flatnonzero(inside & (high > low))
    return row, low[row], high[row]


def day_window_s(day: date) -> tuple[float, float]:
    """The mall's own day, epoch s."""
    zone = site().time_zone
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    return start.timestamp(), datetime.fromordinal(day.toordinal() + 1).replace(tzinfo=zone).timestamp()


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
