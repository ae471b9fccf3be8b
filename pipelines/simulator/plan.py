"""The simulated mall: one long hall between shops, doors at its ends, pillars, plants, benches and a food court.

The hall is made of bays of `BAY_M` by `DEPTH_M`, one for every two cameras; shops `BORDER_M` deep surround it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.world.places import Floor, Point, Section

Floats = NDArray[np.float64]
BAY_M, DEPTH_M, BORDER_M = 11.0, 13.0, 4.0
DOOR_M = 3.2
_CORNER_M = 3.0
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
    where people stop.
    """

    floor: Floor
    sections: tuple[Section, ...]
    hall: tuple[float, float, float, float]
    doors: tuple[Door, ...]
    shops: tuple[Shop, ...]
    solids: tuple[Solid, ...]
    walls: Floats
    spots: Floats

    @cached_property
    def circles(self) -> Floats:
        """What stands in the way, (k, 3): x, y, radius in metres."""
        rows = [(solid.x_m, solid.y_m, solid.clearance_m) for solid in self.solids if solid.bottom_m < 2]
        return np.array(rows, dtype=np.float64).reshape(-1, 3)


def lay_out(bays: int, random: np.random.Generator) -> Plan:
    """A mall of so many bays, at least 1; `random` only varies colours and where exactly people stop."""
    length, width = bays * BAY_M + 2 * BORDER_M, DEPTH_M + 2 * BORDER_M
    hall = (BORDER_M, BORDER_M, length - BORDER_M, width - BORDER_M)
    doors = (
        Door((0.4, width / 2), (BORDER_M + 0.9, width / 2)),
        Door((length - 0.4, width / 2), (length - BORDER_M - 0.9, width / 2)),
    )
    shops, solids = _shops(hall, bays, random), _solids(hall, bays)
    outline = ((0.0, 0.0), (length, 0.0), (length, width), (0.0, width))
    return Plan(
        Floor(0, "Ground floor", outline),
        _sections(hall),
        hall,
        doors,
        shops,
        solids,
        _walls(hall, length, width),
        _spots(hall, shops, solids, random),
    )


def _sections(hall: tuple[float, float, float, float]) -> tuple[Section, ...]:
    x0, y0, x1, y1 = hall
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    quarters = (
        ("fashion", "Fashion", x0, y0, x, y),
        ("electronics", "Electronics", x0, y, x, y1),
        ("books", "Books and toys", x, y0, x1, y),
        ("food-court", "Food court", x, y, x1, y1),
    )
    return tuple(Section(key, name, 0, ((a, b), (c, b), (c, d), (a, d))) for key, name, a, b, c, d in quarters)


def _shops(hall: tuple[float, float, float, float], bays: int, random: np.random.Generator) -> tuple[Shop, ...]:
    x0, y0, _, y1 = hall
    width = BAY_M / 2
    shops = []
    for number in range(2 * bays):
        left, right = x0 + number * width, x0 + (number + 1) * width
        for low, (start, end) in ((True, ((right, y0), (left, y0))), (False, ((left, y1), (right, y1)))):
            name = _NAMES[(2 * number + low) % len(_NAMES)]
            red, green, blue = random.integers(40, 215, 3)
            shops.append(Shop(name, start, end, (int(red), int(green), int(blue))))
    return tuple(shops)


def _solids(hall: tuple[float, float, float, float], bays: int) -> tuple[Solid, ...]:
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


def _walls(hall: tuple[float, float, float, float], length: float, width: float) -> Floats:
    x0, y0, x1, y1 = hall
    low, high = width / 2 - DOOR_M / 2, width / 2 + DOOR_M / 2
    walls = [((x0, y0), (x1, y0)), ((x0, y1), (x1, y1))]
    for wall, outer in ((x0, 0.0), (x1, length)):
        walls += [((wall, y0), (wall, low)), ((wall, high), (wall, y1))]
        walls += [((outer, low), (wall, low)), ((outer, high), (wall, high))]
        walls.append(((outer, low), (outer, high)))
    return np.array(walls)


def _spots(
    hall: tuple[float, float, float, float], shops: Sequence[Shop], solids: Sequence[Solid], random: np.random.Generator
) -> Floats:
    """Three places before each shop front, three round each table, and one in the open for each shop."""
    spots = list(random.uniform(np.array(hall[:2]) + 2.5, np.array(hall[2:]) - 2.5, (len(shops), 2)))
    for shop in shops:
        left, right = np.array(shop.left), np.array(shop.right)
        along = (right - left) / np.linalg.norm(right - left)
        inwards = np.array([along[1], -along[0]])
        shares = np.array([[0.2], [0.5], [0.8]]) + random.uniform(-0.1, 0.1, (3, 1))
        spots += list(left + shares * (right - left) + random.uniform(0.8, 1.5, (3, 1)) * inwards)
    for table in (solid for solid in solids if solid.kind == "table"):
        turns = random.uniform(0, 2 * np.pi) + np.arange(3) * 2 * np.pi / 3
        spots += list(np.array([table.x_m, table.y_m]) + 0.85 * np.column_stack([np.cos(turns), np.sin(turns)]))
    return np.array([spot for spot in spots if _can_stand(spot, hall, solids)])


def _can_stand(spot: Floats, hall: tuple[float, float, float, float], solids: Sequence[Solid]) -> bool:
    """Whether nothing but a table is near, nor a corner of the hall: under a corner camera nobody would be seen well."""
    x0, y0, x1, y1 = hall
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    clear = [(solid.x_m, solid.y_m, solid.clearance_m + 0.35) for solid in solids if solid.kind != "table"]
    circles = np.vstack([np.array(clear).reshape(-1, 3), np.column_stack([corners, np.full(4, _CORNER_M)])])
    return bool((np.hypot(*(circles[:, :2] - spot).T) > circles[:, 2]).all())
