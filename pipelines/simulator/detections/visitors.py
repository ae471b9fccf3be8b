"""The layout `mall`: people who come, walk from shop to shop over several floors, dwell, leave, and may return.

Nobody minds the others: where thousands spread over kilometres of corridors, they seldom meet, and a way is known at
once as a line through places and times.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.simulator.detections.building import Building, build
from pipelines.simulator.detections.corridors import HALF_CORRIDOR_M, Shop
from pipelines.simulator.detections.scene import Crowd, Floats, Ints, Scene, heights
from pipelines.simulator.output import Progress

_SPEED_M_S, _SPEED_SPREAD, _FASTEST_M_S = 1.2, 0.2, 1.7
_UNEVEN = 0.07
_STAY_S, _STAY, _STAY_SPREAD = 1500.0, 0.4, 0.5
_DWELL_S, _DWELL_SPREAD, _LONGEST_DWELL_S = 150.0, 0.7, 1200.0
_MOST_SPOTS = 4
_NEAR_M = 80.0
_PAUSE, _PAUSE_S = 0.08, (5.0, 40.0)
_LIFT_S = (15.0, 40.0)
_TO_THE_RIGHT_M, _ASIDE_M, _SWAY_M, _OFF_WALL_M = 0.7, 0.8, 0.3, 0.6
_RETURNS, _AWAY_S = 0.25, (120.0, 900.0)
_RUSHES, _IN_RUSH, _RUSH_WIDTH = (0.3, 0.7), 0.5, 0.07
_LATEST = 0.95

Stop = tuple[float, float, float, float]
"""x (m), y (m), floor, and for how long one stays there (s)."""


@dataclass(frozen=True)
class Walk:
    """Where somebody is at rising times (n,): `xy_m` (n, 2) and `floor` (n,), and in between on the straight line."""

    time_s: Floats
    xy_m: Floats
    floor: Floats


def mall(cameras: int, people: int, samples: int, fps: float, random: np.random.Generator, progress: Progress) -> Scene:
    """A mall of several floors whose cameras mostly do not overlap; `progress` is told the share of people done."""
    building, height_m = build(cameras, random), heights(people, random)
    taken_at_s = np.arange(samples) / fps
    xy_m = np.full((people, samples, 2), np.nan, np.float32)
    floor = np.zeros((people, samples), np.int8)
    for person in range(people):
        for walk in _day(building, samples / fps, random):
            there = (taken_at_s >= walk.time_s[0]) & (taken_at_s <= walk.time_s[-1])
            xy_m[person, there], floor[person, there] = _at(walk, taken_at_s[there])
        progress((person + 1) / people)
    return Scene("mall", building.floors, building.watches, Crowd(xy_m, floor, height_m))


def _at(walk: Walk, time_s: Floats) -> tuple[Floats, Floats]:
    """Place (n, 2), nan in a lift, and floor (n,) at times within the walk."""
    xy_m = np.column_stack([np.interp(time_s, walk.time_s, walk.xy_m[:, axis]) for axis in (0, 1)])
    before = np.searchsorted(walk.time_s, time_s, side="right").clip(1, len(walk.time_s) - 1) - 1
    xy_m[walk.floor[before] != walk.floor[before + 1]] = np.nan
    return xy_m, walk.floor[before]


def _day(building: Building, seconds: float, random: np.random.Generator) -> Iterator[Walk]:
    """One visit, or a second one after a while; everybody is there at some time of the simulation."""
    stay_s = min(_STAY_S, _STAY * seconds) * random.lognormal(0, _STAY_SPREAD)
    speed = float(np.clip(random.normal(_SPEED_M_S, _SPEED_SPREAD), 0.6, _FASTEST_M_S))
    enters_s = _enters(stay_s, seconds, random)
    walk = _visit(building, enters_s, stay_s, speed, random)
    yield walk
    if random.random() < _RETURNS:
        back_s = walk.time_s[-1] + random.uniform(*_AWAY_S)
        yield _visit(building, back_s, stay_s / 2, speed, random)


def _enters(stay_s: float, seconds: float, random: np.random.Generator) -> float:
    """When somebody comes; some have come before the simulation begins, and many come at rush hours."""
    earliest, latest = -0.8 * stay_s, _LATEST * seconds
    if random.random() < _IN_RUSH:
        rush = random.normal(random.choice(_RUSHES), _RUSH_WIDTH) * seconds
        return float(np.clip(rush, earliest, latest))
    return float(random.uniform(earliest, latest))


def _visit(building: Building, enters_s: float, stay_s: float, speed: float, random: np.random.Generator) -> Walk:
    """From an entrance through shops, until the time is over, and out by an entrance nearby."""
    node = int(random.choice(building.entrances))
    stops = [_stop_at(building, node)]
    spent_s = 0.0
    while spent_s < stay_s:
        shop = _next_shop(building, node, random)
        stops += _along(building, node, shop.node, random)
        inside = list(_inside(shop, random))
        stops += inside
        spent_s += building.way_m[node, shop.node] / speed + sum(stop[3] for stop in inside)
        node = shop.node
    way_out = int(_nearby(building.entrances, building.way_m[node, building.entrances], random))
    stops += [*_along(building, node, way_out, random), _stop_at(building, way_out)]
    return _timed(np.array(stops), enters_s, speed, random)


def _stop_at(building: Building, node: int) -> Stop:
    x, y, floor = building.nodes[node]
    return float(x), float(y), float(floor), 0.0


def _next_shop(building: Building, node: int, random: np.random.Generator) -> Shop:
    nodes = np.array([shop.node for shop in building.shops])
    return building.shops[_nearby(np.arange(len(nodes)), building.way_m[node, nodes], random)]


def _nearby(choices: Ints, way_m: Floats, random: np.random.Generator) -> int:
    """One of the choices, the nearer the likelier."""
    weights = np.exp(-way_m / _NEAR_M)
    return int(random.choice(choices, p=weights / weights.sum()))


def _along(building: Building, start: int, end: int, random: np.random.Generator) -> list[Stop]:
    """The stops between two nodes, without both: more or less to the right, with a pause here and there."""
    places = building.nodes[building.way(start, end)]
    steps = np.diff(places[:, :2], axis=0)
    ahead = steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-9)
    right = np.column_stack([ahead[:, 1], -ahead[:, 0]])
    before, after = right[:-1], right[1:]
    turns = np.abs((before * after).sum(axis=1, keepdims=True)) < 0.5
    widest, count = HALF_CORRIDOR_M - _OFF_WALL_M, len(before)
    aside_m = random.normal(_TO_THE_RIGHT_M, _ASIDE_M) + random.normal(0, _SWAY_M, (count, 1))
    xy_m = places[1:-1, :2] + np.clip(aside_m, -widest, widest) * (before + turns * after)
    pauses_s = np.where(random.random(count) < _PAUSE, random.uniform(*_PAUSE_S, count), 0.0)
    return list(zip(*xy_m.T, places[1:-1, 2], pauses_s, strict=True))


def _inside(shop: Shop, random: np.random.Generator) -> Iterator[Stop]:
    """In by the door, to a few places in the shop, and out again."""
    x0, y0, x1, y1 = shop.area
    dwell_s = min(_LONGEST_DWELL_S, _DWELL_S * random.lognormal(0, _DWELL_SPREAD))
    spots = int(random.integers(1, _MOST_SPOTS + 1))
    yield (*shop.door, float(shop.floor), 0.0)
    for _ in range(spots):
        x, y = random.uniform([x0 + _OFF_WALL_M, y0 + _OFF_WALL_M], [x1 - _OFF_WALL_M, y1 - _OFF_WALL_M])
        yield float(x), float(y), float(shop.floor), dwell_s / spots
    yield (*shop.door, float(shop.floor), 0.0)


def _timed(stops: Floats, enters_s: float, speed: float, random: np.random.Generator) -> Walk:
    """The stops, (n, 4) as in `Stop`, walked from one to the next at about this speed."""
    xy_m, floor, waits_s = stops[:, :2], stops[:, 2], stops[:, 3]
    length_m = np.linalg.norm(np.diff(xy_m, axis=0), axis=1)
    pace = speed * np.clip(random.normal(1, _UNEVEN, len(length_m)), 0.8, 1.2)
    lift_s = random.uniform(*_LIFT_S, len(length_m))
    takes_s = np.where(np.diff(floor) != 0, lift_s, length_m / pace)
    arrives_s = enters_s + np.concatenate([[0.0], np.cumsum(takes_s + waits_s[:-1])])
    time_s = np.column_stack([arrives_s, arrives_s + waits_s]).ravel()
    return Walk(time_s, np.repeat(xy_m, 2, axis=0), np.repeat(floor, 2))
