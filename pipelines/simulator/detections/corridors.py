"""The grid of corridors of a large mall, and the shops beside them."""

from dataclasses import dataclass

import numpy as np

from models.world.places import Floor
from pipelines.simulator.detections.scene import Box, Floats, Ints

HALF_CORRIDOR_M, SHOP_DEPTH_M = 3.0, 8.0
_BETWEEN_LINES_M = (30.0, 42.0)
_SHOP_M = 8.0
_BETWEEN_LIFTS = 5
_PORCH_M, _MARGIN_M = 8.0, 15.0


@dataclass(frozen=True)
class Shop:
    """A room beside a corridor: its `door`, a place on the corridor's edge, and the node before it."""

    node: int
    floor: int
    door: tuple[float, float]
    area: Box


class Grid:
    """Corridors along x and y, alike on all floors.

    Nodes are numbered by kind: `crossings` (floors, columns, rows); `along_x` and `along_y`, before the shops between two
    crossings; and the `entrances` of the lowest floor.
    """

    def __init__(self, xs: Floats, ys: Floats, storeys: int) -> None:
        self.xs, self.ys, self.storeys = xs, ys, storeys
        between_x, between_y = (xs[1:] + xs[:-1]) / 2, (ys[1:] + ys[:-1]) / 2
        porches = np.array([xs[0] - _PORCH_M, xs[-1] + _PORCH_M])
        kinds = [(xs, ys, storeys), (between_x, ys, storeys), (xs, between_y, storeys), (porches, ys, 1)]
        places = [_places(*kind) for kind in kinds]
        ends = np.cumsum([len(kind) for kind in places])
        shapes = [(floors, len(x), len(y)) for x, y, floors in kinds]
        self.nodes = np.concatenate(places)
        numbers = np.split(np.arange(ends[-1]), ends[:-1])
        self.crossings, self.along_x, self.along_y, self._porches = (
            part.reshape(shape) for part, shape in zip(numbers, shapes, strict=True)
        )

    @property
    def entrances(self) -> Ints:
        """One at both ends of every corridor along x."""
        return self._porches.ravel()

    @property
    def corridors(self) -> Ints:
        """Pairs of nodes with a piece of corridor between them, (n, 2)."""
        crossings = self.crossings
        pairs = [
            (crossings[:, :-1], self.along_x),
            (self.along_x, crossings[:, 1:]),
            (crossings[:, :, :-1], self.along_y),
            (self.along_y, crossings[:, :, 1:]),
            (self._porches, crossings[:1, [0, -1]]),
        ]
        return np.concatenate([np.column_stack([start.ravel(), end.ravel()]) for start, end in pairs])

    @property
    def lifts(self) -> Ints:
        """Pairs of nodes with a lift between them, (n, 2)."""
        shafts = self.crossings.reshape(self.storeys, -1)[:, ::_BETWEEN_LIFTS]
        return np.column_stack([shafts[:-1].ravel(), shafts[1:].ravel()])

    @property
    def shops(self) -> tuple[Shop, ...]:
        """Two, one on each side, between every two crossings."""
        along_x = [self._shop(node, across, 1) for node in self.along_x.ravel() for across in (-1, 1)]
        return (*along_x, *(self._shop(node, across, 0) for node in self.along_y.ravel() for across in (-1, 1)))

    def _shop(self, node: int, across: int, axis: int) -> Shop:
        """The shop beyond the edge of the corridor that lies across on this axis (0: x, 1: y)."""
        middle, reach = self.nodes[node, :2], np.full(2, _SHOP_M / 2)
        door = middle.copy()
        door[axis] += across * HALF_CORRIDOR_M
        centre = door.copy()
        centre[axis] += across * SHOP_DEPTH_M / 2
        reach[axis] = SHOP_DEPTH_M / 2
        return Shop(int(node), int(self.nodes[node, 2]), (float(door[0]), float(door[1])), _box(centre, reach))

    @property
    def floors(self) -> tuple[Floor, ...]:
        """All have the same outline."""
        x0, y0, x1, y1 = -_MARGIN_M, -_MARGIN_M, float(self.xs[-1]) + _MARGIN_M, float(self.ys[-1]) + _MARGIN_M
        outline = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        return tuple(Floor(floor, f"Floor {floor}", outline) for floor in range(self.storeys))


def lines(length_m: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """The x of corridors along y, and the y of those along x, at least 2 each, of about this length together."""
    pieces = length_m / np.mean(_BETWEEN_LINES_M)
    grids = [(2, 2)]
    while _pieces(*grids[-1]) < pieces:
        columns, rows = grids[-1]
        grids.append((columns + (columns <= rows), rows + (columns > rows)))
    columns, rows = min(grids, key=lambda grid: abs(_pieces(*grid) - pieces))
    return _spread(columns, random), _spread(rows, random)


def _pieces(columns: int, rows: int) -> int:
    """How many pieces of corridor lie between neighbouring crossings of a grid."""
    return columns * (rows - 1) + rows * (columns - 1)


def _spread(count: int, random: np.random.Generator) -> Floats:
    return np.concatenate([[0.0], np.cumsum(random.uniform(*_BETWEEN_LINES_M, count - 1).round(1))])


def _places(xs: Floats, ys: Floats, floors: int) -> Floats:
    """All pairs of an x and a y on all floors, (n, 3)."""
    floor, x, y = np.meshgrid(np.arange(floors), xs, ys, indexing="ij")
    return np.column_stack([x.ravel(), y.ravel(), floor.ravel()])


def _box(centre: Floats, reach: Floats) -> Box:
    (x0, y0), (x1, y1) = centre - reach, centre + reach
    return float(x0), float(y0), float(x1), float(y1)
