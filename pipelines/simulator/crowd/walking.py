"""One day of visitors: when they come, what they wear, which shops they enter, how long they stay; all people at once.

A day is a function of seed, day and number of people. Paths are straight between corners, as the store keeps them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from models.world.attributes import COLOURS, UNKNOWN
from models.world.ways import Floats, Indices
from pipelines.simulator.crowd.building import LENGTH_M, LIFT_X_M, STREET_M, shops, site

OPEN_H, CLOSE_H = 9.0, 21.0
RUSH_H, RUSH_SPREAD_H, RUSH_SHARE = (13.0, 18.0), 1.2, (0.3, 0.35)
SHOP_VISITS = (3, 11)
DWELL_MEDIAN_S, DWELL_SPREAD, DWELL_BOUNDS_S = 420.0, 0.7, (60.0, 2700.0)
QUEUE_SHARE, QUEUE_MEAN_S = 0.4, 150.0
CORNER_S, SPEED_M_S, LIFT_S = 40.0, (1.25, 0.2), 25.0
LAST_S, GONE_H = 3 * 3600.0, 22.5
_WALL_M, _LANE_M = 1.5, 1.0


@dataclass(frozen=True)
class Day:
    """People by number 0..p-1, and the n corners of their ways in order of person and time.

    A stay is on one floor without a break; `stays` (n,) numbers them over all people. Times are epoch s, never a full
    second, so that no corner lies on a full hour.
    """

    day: date
    person_ids: NDArray[np.void]
    attributes: Mapping[str, NDArray[np.str_]]
    persons: Indices
    stays: Indices
    floors: Indices
    times_s: Floats
    xy_m: Floats

    def __len__(self) -> int:
        return len(self.person_ids)


def walk_day(day: date, people: int, seed: int) -> Day:
    """The visitors of one of the mall's own days; the same arguments give the same day."""
    random = np.random.default_rng([seed, day.toordinal(), people])
    walk = _Walk(_arrivals_s(day, people, random), midnight_s(day) + GONE_H * 3600, random)
    visits = random.integers(*SHOP_VISITS, people)
    for number in range(SHOP_VISITS[1]):
        walk.visit_shops(np.flatnonzero(visits > number), day)
    walk.leave()
    persons, stays, floors, times_s, xy_m = walk.corners()
    first = np.searchsorted(persons, np.arange(people))
    return Day(day, _ids(times_s[first], random), _looks(people, random), persons, stays, floors, times_s, xy_m)


def midnight_s(day: date) -> float:
    """The beginning of the mall's own day, epoch s."""
    return datetime.combine(day, time(), site().time_zone).timestamp()


def _arrivals_s(day: date, people: int, random: np.random.Generator) -> Floats:
    kind = random.random(people)
    hours = random.uniform(OPEN_H, CLOSE_H - 1, people)
    for number, (rush_h, share) in enumerate(zip(RUSH_H, RUSH_SHARE, strict=True)):
        mine = (kind >= sum(RUSH_SHARE[:number])) & (kind < sum(RUSH_SHARE[:number]) + share)
        hours[mine] = random.normal(rush_h, RUSH_SPREAD_H, int(mine.sum()))
    return midnight_s(day) + np.clip(hours, OPEN_H, CLOSE_H - 0.5) * 3600


def _ids(first_s: Floats, random: np.random.Generator) -> NDArray[np.void]:
    """UUIDv8 as of real people: the milliseconds of the first sighting in front."""
    octets = random.integers(0, 256, (len(first_s), 16), dtype=np.uint8)
    milliseconds = np.round(first_s * 1000).astype(">u8")
    octets[:, :6] = milliseconds.view(np.uint8).reshape(-1, 8)[:, 2:]
    octets[:, 6] = (octets[:, 6] & 0x0F) | 0x80
    octets[:, 8] = (octets[:, 8] & 0x3F) | 0x80
    return np.ascontiguousarray(octets).view("V16").ravel()


def _looks(people: int, random: np.random.Generator) -> dict[str, NDArray[np.str_]]:
    """Shirts are mostly of few colours, trousers go with them, shoes are rarely undecided."""
    colours = np.array(COLOURS)
    common = 1.0 / np.arange(1, len(colours) + 1)
    shirt = random.choice(len(colours), people, p=common / common.sum())
    alike = random.random(people) < 0.35
    trousers = np.where(alike, shirt, random.choice(len(colours), people, p=common[::-1] / common.sum()))
    shoes = random.choice(["yes", "no", UNKNOWN], people, p=[0.9, 0.02, 0.08])
    seen = random.random((2, people)) < 0.93
    return {
        "shirt": np.where(seen[0], colours[shirt], UNKNOWN),
        "trousers": np.where(seen[1], colours[trousers], UNKNOWN),
        "shoes": shoes,
    }


class _Walk:
    """Where everybody is, and the corners that they left behind."""

    def __init__(self, arrivals_s: Floats, gone_s: float, random: np.random.Generator) -> None:
        self._random, people = random, len(arrivals_s)
        self._everybody = np.arange(people)
        self._time_s, self._end_s = arrivals_s.copy(), np.minimum(arrivals_s + LAST_S, gone_s)
        west = random.random(people) < 0.5
        self._floor = np.zeros(people, dtype=np.int64)
        self._stay = np.zeros(people, dtype=np.int64)
        self._lane_m = random.uniform(STREET_M[0] + _LANE_M, STREET_M[1] - _LANE_M, people)
        self._xy_m = np.column_stack([np.where(west, 0.5, LENGTH_M - 0.5), self._lane_m])
        self._home_m = self._xy_m[:, 0].copy()
        self._speed = np.clip(random.normal(*SPEED_M_S, people), 0.6, 2.0)
        self._parts: list[tuple[Indices, Indices, Indices, Floats, Floats]] = []
        self._note(self._everybody)
        listed = shops()
        self._boxes = np.array([shop.box for shop in listed])
        self._doors = np.array([shop.door for shop in listed])
        self._floors = np.array([shop.floor for shop in listed])
        nowhere = (np.nan,) * 4
        self._queues = np.array([shop.queue or nowhere for shop in listed])
        self._court = next(number for number, shop in enumerate(listed) if shop.section_id == "food-court")
        popular = 1.0 / np.arange(1, len(listed) + 1) ** 0.6
        self._popular = random.permutation(popular) / popular.sum()

    def visit_shops(self, who: Indices, day: date) -> None:
        """These people go into the next shop, look around, perhaps queue, and come out again."""
        who = who[self._time_s[who] < self._end_s[who]]
        shop = self._random.choice(len(self._popular), len(who), p=self._popular)
        hour = (self._time_s[who] - midnight_s(day)) / 3600
        hungry = ((np.abs(hour - 13) < 1) | (np.abs(hour - 19) < 1)) & (self._random.random(len(who)) < 0.35)
        shop[hungry] = self._court
        self._change_floor(who, self._floors[shop])
        self._go(who, np.column_stack([self._doors[shop, 0], self._lane_m[who]]))
        inward = np.where(self._doors[shop, 1] == STREET_M[1], 1.0, -1.0)
        self._go(who, self._doors[shop] + np.column_stack([np.zeros(len(who)), inward * _WALL_M]))
        self._look_around(who, self._boxes[shop])
        queued = np.isfinite(self._queues[shop, 0]) & (self._random.random(len(who)) < QUEUE_SHARE)
        self._queue(who[queued], self._queues[shop[queued]])
        self._go(who, self._doors[shop] + np.column_stack([np.zeros(len(who)), inward * _WALL_M]))
        self._go(who, np.column_stack([self._doors[shop, 0], self._lane_m[who]]))

    def leave(self) -> None:
        """Everybody goes out where they came in."""
        self._change_floor(self._everybody, np.zeros(len(self._everybody), dtype=np.int64))
        self._go(self._everybody, np.column_stack([self._home_m, self._lane_m]))

    def corners(self) -> tuple[Indices, Indices, Indices, Floats, Floats]:
        """Person, stay, floor, time and place of all corners, in order of person and time."""
        persons, stays, floors, times_s, xy_m = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        order = np.lexsort([times_s, persons])
        fresh = np.ones(len(order), dtype=bool)
        fresh[1:] = (np.diff(persons[order]) != 0) | (np.diff(stays[order]) != 0)
        return persons[order], np.cumsum(fresh) - 1, floors[order], times_s[order], xy_m[order]

    def _look_around(self, who: Indices, boxes: Floats) -> None:
        dwell_s = DWELL_MEDIAN_S * np.exp(DWELL_SPREAD * self._random.standard_normal(len(who)))
        corners = np.ceil(np.clip(dwell_s, *DWELL_BOUNDS_S) / CORNER_S).astype(np.int64)
        for number in range(int(corners.max(initial=0))):
            here = np.flatnonzero(corners > number)
            low, high = boxes[here, :2] + _WALL_M, boxes[here, 2:] - _WALL_M
            stands = self._random.random(len(here)) < 0.4
            place = low + self._random.random((len(here), 2)) * (high - low)
            near = self._xy_m[who[here]] + np.clip(place - self._xy_m[who[here]], -8.0, 8.0)
            target = np.where(stands[:, None], self._xy_m[who[here]], near)
            self._go(who[here], target, CORNER_S * self._random.uniform(0.6, 1.4, len(here)))

    def _queue(self, who: Indices, boxes: Floats) -> None:
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        self._go(who, middle + self._random.uniform(-1.5, 1.5, (len(who), 2)))
        self._go(who, self._xy_m[who], 5.0 + self._random.exponential(QUEUE_MEAN_S, len(who)))

    def _change_floor(self, who: Indices, floor: Indices) -> None:
        changing = self._floor[who] != floor
        who, floor = who[changing], floor[changing]
        self._go(who, np.column_stack([np.full(len(who), LIFT_X_M), self._lane_m[who]]))
        self._time_s[who] += LIFT_S
        self._floor[who], self._stay[who] = floor, self._stay[who] + 1
        self._note(who)

    def _go(self, who: Indices, target: Floats, took_s: Floats | None = None) -> None:
        distance = np.linalg.norm(target - self._xy_m[who], axis=1)
        least_s = distance / self._speed[who]
        self._time_s[who] += np.maximum(least_s if took_s is None else np.maximum(least_s, took_s), 0.3)
        self._xy_m[who] = target
        self._note(who)

    def _note(self, who: Indices) -> None:
        # A tenth of a second and a half, so that corners lie on no full second.
        self._time_s[who] = np.floor(self._time_s[who] * 10) / 10 + 0.05
        self._parts.append(
            (who.copy(), self._stay[who], self._floor[who], self._time_s[who].copy(), self._xy_m[who].copy())
        )
