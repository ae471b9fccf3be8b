"""The empty hall in a camera's picture: tiles, shop fronts with signs, walls, pillars, plants, and how far away they stand."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.plan import DOOR_M, Plan, Shop, Solid
from pipelines.simulator.stage import Lamps, Stage
from pipelines.simulator.textures import DENSITY, FRONT_M, Decor, doorway, front, plain, tiles
from pipelines.simulator.view import NEAR_M, View

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]
_FINE = 2
_CEILING_M, _LINTEL_M = 6.2, 2.7
_DRAWN_PX = 30_000
"""OpenCV draws polygons whose corners are no further away, in whole and sixteenth pixels."""


@dataclass(frozen=True)
class Surface:
    """A flat convex piece of the hall: corners (k, 3) m and a texture spread from `origin` along two unit vectors.

    `stands` is false for the floor, which never hides a person. `shade` darkens the texture. A
    `closed` surface is part of a body and shows only its outside, against which `across` x `down` points.
    """

    corners_m: Floats
    origin: Floats
    across: Floats
    down: Floats
    texture: Image
    stands: bool = True
    shade: float = 1.0
    closed: bool = False


def build_stage(view: View, plan: Plan, decor: Decor, gains: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Stage:
    """The empty hall as seen by `view` with a camera of these gains (blue, green, red)."""
    canvas = _Canvas(view)
    for surface in _surfaces(plan, decor):
        _paint(surface, canvas, decor.lamps)
    bgr = cv2.resize(canvas.bgr, (view.width_px, view.height_px), interpolation=cv2.INTER_AREA)
    bgr = np.clip(bgr * np.array(gains), 0, 255)
    nearest = canvas.ranges.reshape(view.height_px, _FINE, view.width_px, _FINE).min(axis=(1, 3))
    return Stage(view, np.asarray(bgr, dtype=np.uint8), nearest, decor.lamps, gains)


def _paint(surface: Surface, canvas: "_Canvas", lamps: Lamps) -> None:
    view = canvas.view
    normal = np.cross(surface.across, surface.down)
    facing = float(normal @ (surface.origin - view.eye))
    outline = _in_view(view.to_camera(surface.corners_m), view.focal_px)
    if abs(facing) < 1e-6 or (surface.closed and facing < 0) or len(outline) < 3:
        return
    px = outline[:, :2] * view.focal_px / outline[:, 2:] + np.array([view.width_px, view.height_px]) / 2
    low = np.maximum(np.floor(px.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(px.max(axis=0)) + 1, [view.width_px, view.height_px]).astype(int)
    if (low >= high).any():
        return
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), dtype=np.uint8)
    cv2.fillConvexPoly(mask, np.round((px - low) * 16).astype(np.int32), 1, cv2.LINE_8, 4)
    rows, columns = np.nonzero(mask)
    rows, columns = rows + low[1], columns + low[0]
    with np.errstate(divide="ignore"):
        steps = np.float32(facing) / (canvas.rays[rows, columns] @ normal.astype(np.float32))
    nearer = (steps > 0) & (steps < canvas.depth[rows, columns])
    rows, columns, steps = rows[nearer], columns[nearer], steps[nearer]
    reach = steps[:, None] * canvas.rays[rows, columns]
    canvas.depth[rows, columns] = steps
    canvas.ranges[rows, columns] = np.hypot(reach[:, 0], reach[:, 1]) if surface.stands else np.inf
    points = reach + view.eye.astype(np.float32)
    light = surface.shade * lamps.at(points[:, :2])[:, None]
    canvas.bgr[rows, columns] = np.clip(_sample(surface, points) * light, 0, 255)


class _Canvas:
    """The picture under the brush, `_FINE` times larger, with the depth and the range along the floor of each pixel."""

    def __init__(self, view: View) -> None:
        self.view = replace(
            view, focal_px=view.focal_px * _FINE, width_px=view.width_px * _FINE, height_px=view.height_px * _FINE
        )
        height, width = self.view.height_px, self.view.width_px
        columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        self.rays = self.view.rays(np.stack([columns, rows], axis=2)).astype(np.float32)
        self.bgr = np.full((height, width, 3), 60, dtype=np.uint8)
        self.depth = np.full((height, width), np.inf, dtype=np.float32)
        self.ranges = np.full((height, width), np.inf, dtype=np.float32)


def _sample(surface: Surface, points: NDArray[np.float32]) -> Image:
    off = points - surface.origin.astype(np.float32)
    x = np.floor(off @ surface.across.astype(np.float32) * DENSITY).astype(np.int32) % surface.texture.shape[1]
    y = np.floor(off @ surface.down.astype(np.float32) * DENSITY).astype(np.int32) % surface.texture.shape[0]
    return np.asarray(surface.texture[y, x])


def _in_view(corners: Floats, focal_px: float) -> Floats:
    """The part of a polygon in camera coordinates, (k, 3) m, beyond `NEAR_M` and within `_DRAWN_PX` of the middle of the picture."""
    reach = _DRAWN_PX / focal_px
    corners = _clipped(corners, np.array([0.0, 0.0, 1.0]), NEAR_M)
    for side in ((1.0, 0.0, reach), (-1.0, 0.0, reach), (0.0, 1.0, reach), (0.0, -1.0, reach)):
        corners = _clipped(corners, np.array(side), 0.0)
    return corners


def _clipped(corners: Floats, normal: Floats, at_least: float) -> Floats:
    """The part of a polygon, (k, 3), where the product with `normal` is `at_least` so much (Sutherland and Hodgman 1974)."""
    kept, over = [], corners @ normal - at_least
    for here, after, one, other in zip(corners, np.roll(corners, -1, axis=0), over, np.roll(over, -1), strict=True):
        if one >= 0:
            kept.append(here)
        if (one >= 0) != (other >= 0):
            kept.append(here + one / (one - other) * (after - here))
    return np.array(kept).reshape(-1, 3)


def _surfaces(plan: Plan, decor: Decor) -> Iterator[Surface]:
    random = np.random.default_rng(decor.texture_seed)
    (x0, y0), (x1, y1) = plan.floor.outline[0], plan.floor.outline[2]
    ground = np.array([[x0, y0, 0], [x1, y0, 0], [x1, y1, 0], [x0, y1, 0.0]])
    yield Surface(ground, np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), tiles(decor, random), stands=False)
    wall_bgr = np.array(decor.wall_rgb[::-1])
    for start, end in plan.walls:
        outer = start[0] == end[0] and start[0] in (x0, x1)
        yield _upright(start, end, 0.0, FRONT_M, doorway(random) if outer else plain(wall_bgr * 0.9, random))
        yield _upright(start, end, FRONT_M, _CEILING_M, plain(wall_bgr, random))
    for start, end in plan.swing_doors:
        yield _upright(start, end, 0.0, _LINTEL_M, doorway(random))
    middle = (plan.hall[1] + plan.hall[3]) / 2
    for wall in (x for room in plan.rooms for x in (room[0], room[2])):
        lintel = np.array([[wall, middle - DOOR_M / 2], [wall, middle + DOOR_M / 2]])
        yield _upright(lintel[0], lintel[1], _LINTEL_M, _CEILING_M, plain(wall_bgr * 0.97, random))
    for shop in plan.shops:
        inwards = 0.02 * _inwards(shop)
        yield _upright(np.array(shop.left) + inwards, np.array(shop.right) + inwards, 0.0, FRONT_M, front(shop, random))
    for solid in plan.solids:
        yield from _solid(solid, decor, random)


def _inwards(shop: Shop) -> Floats:
    along = np.array(shop.right) - np.array(shop.left)
    return np.asarray(np.array([along[1], -along[0]]) / np.linalg.norm(along))


def _upright(start: Floats, end: Floats, bottom_m: float, top_m: float, texture: Image) -> Surface:
    along = (end - start) / np.linalg.norm(end - start)
    base, tip = np.append(start, 0.0), np.append(end, 0.0)
    up = np.array([0, 0, 1.0])
    corners = np.stack([base + bottom_m * up, tip + bottom_m * up, tip + top_m * up, base + top_m * up])
    return Surface(corners, base + top_m * up, np.append(along, 0.0), -up, texture)


def _solid(solid: Solid, decor: Decor, random: np.random.Generator) -> Iterator[Surface]:
    colours = {"pillar": np.array(decor.wall_rgb[::-1]) * 0.95, "table": np.array([150.0, 175, 190])}
    colours |= {"plant": np.array([70.0, 92, 118]), "bench": np.array([58.0, 96, 140]), "bin": np.array([96.0, 92, 88])}
    colour = colours[solid.kind]
    low = solid.top_m - 0.05 if solid.kind == "table" else solid.bottom_m
    yield from _prism(solid.footprint, low, solid.top_m, colour, random)
    if solid.kind == "table":
        stem = Solid("bin", solid.x_m, solid.y_m, 0.05, solid.top_m - 0.05)
        yield from _prism(stem.footprint, 0.0, stem.top_m, np.array([60.0, 60, 60]), random)
    if solid.kind == "plant":
        for level in range(4):
            leaves = Solid("leaves", solid.x_m, solid.y_m, solid.radius_m * (0.95, 1.15, 0.9, 0.45)[level], 0.0)
            green = np.array([52.0, 118, 62]) * random.uniform(0.7, 1.15)
            yield from _prism(
                leaves.footprint, 0.6 + 0.24 * level, 0.84 + 0.24 * level, green, random, rough=34, cells=56
            )


def _prism(
    footprint: Floats,
    bottom_m: float,
    top_m: float,
    bgr: Floats,
    random: np.random.Generator,
    rough: float = 5,
    cells: int = 12,
) -> Iterator[Surface]:
    texture = plain(bgr, random, rough, cells)
    for start, end in zip(footprint, np.roll(footprint, -1, axis=0), strict=True):
        outwards = np.array([end[1] - start[1], start[0] - end[0]])
        shade = 0.85 + 0.15 * float(outwards @ [0.8, -0.6]) / float(np.linalg.norm(outwards))
        yield replace(_upright(start, end, bottom_m, top_m, texture), shade=shade, closed=True)
    level = np.column_stack([footprint, np.full(len(footprint), top_m)])
    yield Surface(level, level[0], np.array([1.0, 0, 0]), np.array([0, -1.0, 0]), texture, shade=1.08, closed=True)
