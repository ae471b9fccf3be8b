"""Where the cameras of a large mall hang: along its corridors, with blind gaps between their views, and in shops."""

from collections.abc import Iterator, Sequence

import numpy as np

from models.world.errors import BadInput
from pipelines.simulator.detections.corridors import HALF_CORRIDOR_M, SHOP_DEPTH_M, Grid, Shop
from pipelines.simulator.detections.scene import Box, Watch
from pipelines.simulator.view import View

_VIEW_M, _GAP_M = (8.0, 14.0), (3.0, 24.0)
APART_M = (sum(_VIEW_M) + sum(_GAP_M)) / 2
"""From one camera of a corridor to the next, in the mean."""
_OFF_WALL_M = 0.2
_FOCAL_PX = 480.0
_SLIDE_M = 1.0
_Unnamed = tuple[int, View, Box]


def hang(cameras: int, grid: Grid, random: np.random.Generator) -> tuple[Watch, ...]:
    """So many cameras: as many as there is room for in corridors, and the rest in shops."""
    watches = _in_corridors(grid, random)[:cameras]
    watches += _in_shops(grid.shops, cameras - len(watches), random)
    return tuple(Watch(f"cam{number}", *watch) for number, watch in enumerate(watches, start=1))


def _in_corridors(grid: Grid, random: np.random.Generator) -> list[_Unnamed]:
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
    x_m, y_m = middle + (1 - 2 * _OFF_WALL_M / SHOP_DEPTH_M) * (middle - door)
    yaw, tilt = np.arctan2(door[1] - y_m, door[0] - x_m), np.radians(random.uniform(30, 35))
    return View(float(x_m), float(y_m), float(random.uniform(2.8, 3.2)), float(yaw), float(tilt), _FOCAL_PX)
