"""The simulated mall: one long hall between shops, doors at its ends, pillars, plants, benches and a food court.

The hall is made of bays of `BAY_M` by `DEPTH_M`, one for every two cameras; shops `BORDER_M` deep surround it. East of it there may
be annexes (`annexes`).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.world.places import Floor, Point, Section
from pipelines.simulator import annexes
from pipelines.simulator.annexes import BEHIND_DOOR_M, Box

Floats = NDArray[np.float64]
BAY_M, DEPTH_M, BORDER_M = 11.0, 13.0, 4.0
DOOR_M = 3.2
_CORNER_M = 3.0
_UNDER_CAMERA_M = 4.0
"""In an annexe nobody stops nearer to its west end, above which the camera hangs."""
_NAMES = ("NORTHGATE", "KIOSK", "BOOKS", "SHOES", "OPTIC", "TOYS", "SPORT", "MUSIC", "TEA", "GARDEN", "PHONE", "BAKERY")


@dataclass(frozen=True)
class Shop:
    """A shop front along the hall from `left` to `right`, as seen from inside the hall; `colour` is sRGB 0-255."""

    name: str
    left: Point
    right: Point
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class Door:
    """A way in and out: from `outside`, at the edge of the floor, straight to `inside`, in the hall."""

    outside: Point
    inside: Point


@dataclass(frozen=True)
class Solid:
    """An upright thing on the floor: round or square with `radius_m` (half its width), from `bottom_m` to `top_m`."""

    kind: str
    x_m: float
    y_m: float
    radius_m: float
    top_m: float
    bottom_m: float = 0.0

    @property
    def footprint(self) -> Floats:
        """Its corners counter-clockwise, (k, 2) m: 4 for a pillar or bench, 12 for round things."""
        corners = 4 if self.kind in {"pillar", "bench", "bin"} else 12
        turn = (np.arange(corners) + 0.5) * 2 * np.pi / corners
        reach = self.radius_m * (np.sqrt(2) if corners == 4 else 1.0)
        return np.column_stack([self.x_m + reach * np.cos(turn), self.y_m + reach * np.sin(turn)])

    @property
    def clearance_m(self) -> float:
        """The radius of the circle round it that nobody can stand in."""
        return self.radius_m * (1.25 if len(self.footprint) == 4 else 1.0)


@dataclass(frozen=True)
class Plan:
    """The floor as the walkers and the painter know it.

    `hall` is (x0, y0, x1, y1) m; `walls` (k, 2, 2) m are the segments that nobody crosses; `spots` (m, 2) m the places
    where people stop; `annexes` further rooms, by x.
    """

    floor: Floor
    sections: tuple[Section, ...]
    hall: Box
    doors: tuple[Door, ...]
    shops: tuple[Shop, ...]
    solids: tuple[Solid, ...]
    walls: Floats
    spots: Floats
    annexes: tuple[Box, ...] = ()

    @property
    def rooms(self) -> tuple[Box, ...]:
        """The hall and the annexes, from west to east."""
        return self.hall, *self.annexes

    @cached_property
    def swing_doors(self) -> Floats:
        """The segments, (k, 2, 2) m, that people cross and nobody sees through: both ends of each passage."""
        low, high = _doorway(self.hall)
        ends = [x for west, east in itertools.pairwise(self.rooms) for x in (west[2], east[0])]
        return np.array([((x, low), (x, high)) for x in ends]).reshape(-1, 2, 2)

    @cached_property
    def circles(self) -> Floats:
        """What stands in the way, (k, 3): x, y, radius in metres."""
        rows = [(solid.x_m, solid.y_m, solid.clearance_m) for solid in self.solids if solid.bottom_m < 2]
        return np.array(rows, dtype=np.float64).reshape(-1, 3)


def lay_out(bays: int, random: np.random.Generator, annexed: int = 0) -> Plan:
    """A mall of so many bays, at least 1, and so many annexes; `random` only varies colours and where exactly people stop."""
    width = DEPTH_M + 2 * BORDER_M
    hall = (BORDER_M, BORDER_M, BORDER_M + bays * BAY_M, width - BORDER_M)
    more = annexes.behind(hall, annexed)
    rooms, length = (hall, *more), (hall, *more)[-1][2] + BORDER_M
    doors = (
        Door((0.4, width / 2), (BORDER_M + BEHIND_DOOR_M, width / 2)),
        Door((length - 0.4, width / 2), (length - BORDER_M - BEHIND_DOOR_M, width / 2)),
    )
    shops, solids = _shops(hall, 0, random), _solids(hall, bays)
    spots = _spots(hall, shops, solids, random)
    for number, room in enumerate(more):
        own = _shops(room, 2 * (bays + number), random)
        free = _spots(room, own, (), random)
        shops, spots = shops + own, np.vstack([spots, free[free[:, 0] > room[0] + _UNDER_CAMERA_M]])
    outline = ((0.0, 0.0), (length, 0.0), (length, width), (0.0, width))
    sections = _sections(hall) + tuple(_annexe_section(*numbered) for numbered in enumerate(more, start=1))
    floor = Floor(0, "Ground floor", outline)
    return Plan(floor, sections, hall, doors, shops, solids, _walls(rooms, length), spots, more)


def _doorway(hall: Box) -> tuple[float, float]:
    """Where every doorway begins and ends, y in m."""
    middle = (hall[1] + hall[3]) / 2
    return middle - DOOR_M / 2, middle + DOOR_M / 2


def _sections(hall: Box) -> tuple[Section, ...]:
    x0, y0, x1, y1 = hall
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    quarters = (
        ("fashion", "Fashion", x0, y0, x, y),
        ("electronics", "Electronics", x0, y, x, y1),
        ("books", "Books and toys", x, y0, x1, y),
        ("food-court", "Food court", x, y, x1, y1),
    )
    return tuple(Section(key, name, 0, ((a, b), (c, b), (c, d), (a, d))) for key, name, a, b, c, d in quarters)


def _annexe_section(number: int, box: Box) -> Section:
    x0, y0, x1, y1 = box
    return Section(f"annexe-{number}", f"Annexe {number}", 0, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def _shops(room: Box, first: int, random: np.random.Generator) -> tuple[Shop, ...]:
    """The shops along both sides of a room, named from the `first` name on."""
    x0, y0, x1, y1 = room
    width = BAY_M / 2
    shops = []
    for number in range(round((x1 - x0) / width)):
        left, right = x0 + number * width, x0 + (number + 1) * width
        for low, (start, end) in ((True, ((right, y0), (left, y0))), (False, ((left, y1), (right, y1)))):
            shops.append(Shop(shop_name(2 * (first + number) + low), start, end, front_colour(random)))
    return tuple(shops)


def shop_name(number: int) -> str:
    """What stands over a shop front; names repeat."""
    return _NAMES[number % len(_NAMES)]


def front_colour(random: np.random.Generator) -> tuple[int, int, int]:
    """The colour of a shop front, sRGB 0-255."""
    red, green, blue = random.integers(40, 215, 3)
    return int(red), int(green), int(blue)


def _solids(hall: Box, bays: int) -> tuple[Solid, ...]:
    x0, y0, x1, y1 = hall
    solids = []
    for border in range(1, bays):
        solids += [Solid("pillar", x0 + border * BAY_M, y, 0.3, 6.0) for y in (y0 + 3.4, y1 - 3.4)]
    for bay in range(bays):
        x, y = x0 + (bay + 0.5) * BAY_M, (y0 + y1) / 2
        solids += [Solid("plant", x, y - 1.2, 0.45, 0.6), Solid("bench", x - 1.6, y - 1.2, 0.4, 0.45)]
        solids.append(Solid("bin", x + 4.0, y0 + 0.35, 0.22, 0.9))
    tables = [(x1 - 7.2, y1 - 2.8), (x1 - 4.4, y1 - 4.4), (x1 - 2.4, y1 - 2.2)]
    solids += [Solid("table", x, y, 0.42, 0.78) for x, y in tables]
    return tuple(solids)


def _walls(rooms: Sequence[Box], length: float) -> Floats:
    """Of each room the long sides, and at either end the wall beside the doorway and what leads from there to the edge of the floor,
    which is closed, or to the middle of the passage.
    """
    low, high = _doorway(rooms[0])
    edges = [0.0, *annexes.borders(rooms), length]
    walls = []
    for (x0, y0, x1, y1), outside in zip(rooms, itertools.pairwise(edges), strict=True):
        walls += [((x0, y0), (x1, y0)), ((x0, y1), (x1, y1))]
        for wall, outer in zip((x0, x1), outside, strict=True):
            walls += [((wall, y0), (wall, low)), ((wall, high), (wall, y1))]
            walls += [((outer, low), (wall, low)), ((outer, high), (wall, high))]
            if outer in (0.0, length):
                walls.append(((outer, low), (outer, high)))
    return np.array(walls)


def _spots(room: Box, shops: Sequence[Shop], solids: Sequence[Solid], random: np.random.Generator) -> Floats:
    """Three places before each shop front, three round each table, and one in the open for each shop."""
    spots = list(random.uniform(np.array(room[:2]) + 2.5, np.array(room[2:]) - 2.5, (len(shops), 2)))
    for shop in shops:
        left, right = np.array(shop.left), np.array(shop.right)
        along = (right - left) / np.linalg.norm(right - left)
        inwards = np.array([along[1], -along[0]])
        shares = np.array([[0.2], [0.5], [0.8]]) + random.uniform(-0.1, 0.1, (3, 1))
        spots += list(left + shares * (right - left) + random.uniform(0.8, 1.5, (3, 1)) * inwards)
    for table in (solid for solid in solids if solid.kind == "table"):
        turns = random.uniform(0, 2 * np.pi) + np.arange(3) * 2 * np.pi / 3
        spots += list(np.array([table.x_m, table.y_m]) + 0.85 * np.column_stack([np.cos(turns), np.sin(turns)]))
    return np.array([spot for spot in spots if _can_stand(spot, room, solids)])


def _can_stand(spot: Floats, room: Box, solids: Sequence[Solid]) -> bool:
    """Whether nothing but a table is near, nor a corner of the room: under a corner camera nobody would be seen well."""
    x0, y0, x1, y1 = room
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    clear = [(solid.x_m, solid.y_m, solid.clearance_m + 0.35) for solid in solids if solid.kind != "table"]
    circles = np.vstack([np.array(clear).reshape(-1, 3), np.column_stack([corners, np.full(4, _CORNER_M)])])
    return bool((np.hypot(*(circles[:, :2] - spot).T) > circles[:, 2]).all())
