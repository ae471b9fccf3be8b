"""Annexes: rooms in a row east of the hall, each behind a passage that no camera sees.

At either end of a passage hangs a swing door: people walk through it, nobody looks through it.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]
ANNEXE_M, PASSAGE_M = (11.0, 7.0), 8.0
"""Length and depth of an annexe; the length of the passage before it, which takes about 6 s to walk."""
BEHIND_DOOR_M = 0.9
"""Who goes through a door heads for a place so far behind it first."""
BESIDE_MIDDLE_M = 0.9
"""Nobody goes through a door further from its middle."""


def behind(hall: Box, count: int) -> tuple[Box, ...]:
    """The boxes, (x0, y0, x1, y1) m, of so many annexes of a hall, their doors in line with its own."""
    (length, depth), middle = ANNEXE_M, (hall[1] + hall[3]) / 2
    lefts = [hall[2] + PASSAGE_M + number * (length + PASSAGE_M) for number in range(count)]
    return tuple((left, middle - depth / 2, left + length, middle + depth / 2) for left in lefts)


def borders(rooms: Sequence[Box]) -> Floats:
    """The middles of the passages between rooms from west to east, x in m."""
    return np.array([(west[2] + east[0]) / 2 for west, east in itertools.pairwise(rooms)])


def route(rooms: Sequence[Box], start: Floats, goal: Floats) -> list[Floats]:
    """The places, (2,) m each, by which one walks from `start` to `goal`: in and out of each passage between, then the goal."""
    here, there = (int(number) for number in np.searchsorted(borders(rooms), [start[0], goal[0]]))
    middle = (rooms[0][1] + rooms[0][3]) / 2
    y = middle + float(np.clip(start[1] - middle, -BESIDE_MIDDLE_M, BESIDE_MIDDLE_M))
    doors = [
        x
        for west, east in itertools.pairwise(rooms[min(here, there) : max(here, there) + 1])
        for x in (west[2] - BEHIND_DOOR_M, east[0] + BEHIND_DOOR_M)
    ]
    return [*(np.array([x, y]) for x in (doors if here < there else doors[::-1])), goal]
