"""A large mall: floors of the same grid of corridors, shops along them, lifts, entrances, and cameras far apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from models.world.errors import BadInput
from models.world.places import Floor
from pipelines.simulator.detections.scene import Box, Floats, Ints, Watch
from pipelines.simulator.view import View

HALF_CORRIDOR_M = 3.0
FEWEST_CAMERAS = 10
_BETWEEN_LINES_M = (30.0, 42.0)
_SHOP_M, _SHOP_DEPTH_M = 8.0, 8.0
_VIEW_M, _GAP_M = (8.0, 14.0), (3.0, 24.0)
_CAMERAS_PER_FLOOR, _MOST_FLOORS = 12, 5
_BETWEEN_LIFTS, _LIFT_M = 5, 35.0
"""Every fifth crossing has a lift; it seems this long to those who choose a way."""
_PORCH_M, _MARGIN_M = 8.0, 15.0
_OFF_WALL_M = 0.2
_FOCAL_PX = 480.0
_SLIDE_M = 1.0


@dataclass(frozen=True)
class Shop:
    """A room beside a corridor: its `door`, a place on the corridor's edge, and the node before it."""

    node: int
    floor: int
    door: tuple[float, float]
    area: Box


@dataclass(frozen=True)
class Building:
    """Corridors as a graph.

    `nodes` (n, 3) are x, y (m) and floor of crossings, places before shops, and entrances; `way_m` (n, n) is how far it
    is between two, and `before` (n, n) the last node before the second on the shortest way.
    """

    floors: tuple[Floor, ...]
    nodes: Floats
    way_m: Floats
    before: Ints
    entrances: Ints
    shops: tuple[Shop, ...]
    watches: tuple[Watch, ...]

    def way(self, start: int, end: int) -> list[int]:
        """The nodes of the shortest way, with both ends."""
        nodes = [end]
        while nodes[-1] != start:
            nodes.append(int(self.before[start, nodes[-1]]))
        return nodes[::-1]


def build(cameras: int, random: np.random.Generator) -> Building:
    """As large a mall as so many cameras, at least `FEWEST_CAMERAS`, watch with blind gaps of some 3 to 30 m.

    Ends and crossings of corridors take fewer of them than a straight line would; those left over hang in shops.
    """
    storeys = min(_MOST_FLOORS, max(1, cameras // _CAMERAS_PER_FLOOR))
    xs, ys = _lines(cameras / storeys, random)
    grid = _Grid(xs, ys, storeys)
    way_m, before = _ways(grid)
    watches = _in_corridors(grid, random)[:cameras]
    watches += _in_shops(grid.shops, cameras - len(watches), random)
    named = tuple(Watch(f"cam{number}", *watch) for number, watch in enumerate(watches, start=1))
    return Building(grid.floors, grid.nodes, way_m, before, grid.entrances, grid.shops, named)


def _lines(cameras_per_floor: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """The x of corridors along y, and the y of those along x, at least 2 each: as many as so many cameras can watch."""
    pieces = cameras_per_floor * (np.mean(_VIEW_M) + np.mean(_GAP_M)) / np.mean(_BETWEEN_LINES_M)
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


class _Grid:
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
        centre[axis] += across * _SHOP_DEPTH_M / 2
        reach[axis] = _SHOP_DEPTH_M / 2
        return Shop(int(node), int(self.nodes[node, 2]), (float(door[0]), float(door[1])), _box(centre, reach))

    @property
    def floors(self) -> tuple[Floor, ...]:
        """All have the same outline."""
        x0, y0, x1, y1 = -_MARGIN_M, -_MARGIN_M, float(self.xs[-1]) + _MARGIN_M, float(self.ys[-1]) + _MARGIN_M
        outline = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        return tuple(Floor(floor, f"Floor {floor}", outline) for floor in range(self.storeys))


def _places(xs: Floats, ys: Floats, floors: int) -> Floats:
    """All pairs of an x and a y on all floors, (n, 3)."""
    floor, x, y = np.meshgrid(np.arange(floors), xs, ys, indexing="ij")
    return np.column_stack([x.ravel(), y.ravel(), floor.ravel()])


def _box(centre: Floats, reach: Floats) -> Box:
    (x0, y0), (x1, y1) = centre - reach, centre + reach
    return float(x0), float(y0), float(x1), float(y1)


def _ways(grid: _Grid) -> tuple[Floats, Ints]:
    """Lengths and last nodes of all shortest ways."""
    corridors, lifts, count = grid.corridors, grid.lifts, len(grid.nodes)
    length_m = np.linalg.norm(np.diff(grid.nodes[corridors, :2], axis=1)[:, 0], axis=1)
    start, end = np.concatenate([corridors, lifts]).T
    links = coo_array((np.concatenate([length_m, np.full(len(lifts), _LIFT_M)]), (start, end)), shape=(count, count))
    way_m, before = dijkstra(links.tocsr(), directed=False, return_predecessors=True)
    return way_m, before


_Unnamed = tuple[int, View, Box]


def _in_corridors(grid: _Grid, random: np.random.Generator) -> list[_Unnamed]:
    """Cameras along every corridor of every floor, with gaps between what they see."""
    found = []
    for floor in range(grid.storeys):
        taken: list[Box] = []
        for axis, across, along in ((0, grid.ys, grid.xs), (1, grid.xs, grid.ys)):
            for line in across:
                found += [
                    (floor, *_along(axis, float(line), start, end, random))
                    for start, end in _views(axis, float(line), float(along[-1]), taken, random)
                ]
    return found


def _views(
    axis: int, line: float, end: float, taken: list[Box], random: np.random.Generator
) -> Iterator[tuple[float, float]]:
    """From where to where cameras see along a corridor: pieces that cross none of the `taken`, and are added to them."""
    start = random.uniform(*_GAP_M)
    depth = random.uniform(*_VIEW_M)
    while start + depth < end:
        area = _strip(axis, line, start, start + depth)
        if any(_meet(area, other) for other in taken):
            start += _SLIDE_M
            continue
        taken.append(area)
        yield start, start + depth
        start += depth + random.uniform(*_GAP_M)
        depth = random.uniform(*_VIEW_M)


def _strip(axis: int, line: float, start: float, end: float) -> Box:
    low, high = line - HALF_CORRIDOR_M, line + HALF_CORRIDOR_M
    return (start, low, end, high) if axis == 0 else (low, start, high, end)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _along(axis: int, line: float, start: float, end: float, random: np.random.Generator) -> tuple[View, Box]:
    """A camera under the ceiling that sees this piece of a corridor from one of its ends."""
    yaw, ahead = (0.0, 1) if random.random() < 0.5 else (np.pi, -1)
    height_m, tilt = random.uniform(3.2, 4.0), np.radians(random.uniform(26, 31))
    lens = (start if ahead > 0 else end) - ahead * _blind_m(height_m, tilt)
    x_m, y_m = (lens, line) if axis == 0 else (line, lens)
    view = View(x_m, y_m, float(height_m), float(yaw + axis * np.pi / 2), float(tilt), _FOCAL_PX)
    return view, _strip(axis, line, start, end)


def _blind_m(height_m: float, tilt: float) -> float:
    """How far before a camera its picture begins."""
    return float(View(0.0, 0.0, height_m, 0.0, tilt, _FOCAL_PX).floor_point(np.array([[320.0, 384.0]]))[0, 0])


def _in_shops(shops: Sequence[Shop], count: int, random: np.random.Generator) -> list[_Unnamed]:
    """Cameras on the back walls of so many shops, that look to the doors."""
    if count > len(shops):
        raise BadInput(f"a mall this large has {len(shops)} shops, too few for {count} cameras; take more cameras")
    chosen = random.permutation(len(shops))[:count]
    return [(shops[number].floor, _from_the_back(shops[number], random), shops[number].area) for number in chosen]


def _from_the_back(shop: Shop, random: np.random.Generator) -> View:
    x0, y0, x1, y1 = shop.area
    middle, door = np.array([(x0 + x1) / 2, (y0 + y1) / 2]), np.array(shop.door)
    x_m, y_m = middle + (1 - 2 * _OFF_WALL_M / _SHOP_DEPTH_M) * (middle - door)
    yaw, tilt = np.arctan2(door[1] - y_m, door[0] - x_m), np.radians(random.uniform(30, 35))
    return View(float(x_m), float(y_m), float(random.uniform(2.8, 3.2)), float(yaw), float(tilt), _FOCAL_PX)
