"""What one person looks like to a camera: a small picture of the body, and the shadow at its feet."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.figure import Crowd, Faces, faces
from pipelines.simulator.stage import Stage
from pipelines.simulator.view import View

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]
_FINE = 2
"""Figures are drawn this many times larger and averaged down: smooth edges without seams between faces."""
_SHIFT = 4
_SHADOW_RADIUS_M, _SHADOW_DEPTH = 0.34, 0.5


@dataclass(frozen=True)
class Shadow:
    """How much light is left, (h, w, 1) float32, in the part of the picture at `left`, `top`."""

    left: int
    top: int
    light: NDArray[np.float32]


@dataclass(frozen=True)
class Sprite:
    """A drawn body. `low_px` and `high_px` (2,) are the corners of its exact box, `left` and `top` of its picture.

    `bgra` (h, w, 4) has colour times cover, and cover (0-255); `codes` (h, w) is 255 minus the number of the part shown,
    0 beside the body; `range_m` is the distance from the camera along the floor.
    """

    low_px: Floats
    high_px: Floats
    left: int
    top: int
    bgra: Image
    codes: Image
    range_m: float
    shadow: Shadow | None


def sprites(stage: Stage, crowd: Crowd) -> list[Sprite]:
    """A sprite for each person of the crowd; all must stand before the camera."""
    bodies = faces(crowd)
    light = stage.brightness.at(crowd.xy_m)[:, None, None] * np.array(stage.gains[::-1])
    figures = _Figures(stage.view, bodies, bodies.rgb * light)
    ranges = np.hypot(*(crowd.xy_m - stage.view.eye[:2]).T)
    shadows = _shadows(stage, crowd.xy_m)
    return [figures.sprite(row, float(ranges[row]), shadow) for row, shadow in enumerate(shadows)]


class _Figures:
    """The bodies of a crowd as seen by a camera: projected once for all, drawn one by one."""

    def __init__(self, view: View, bodies: Faces, rgb: Floats) -> None:
        to_eye = view.eye - (bodies.corners_m[:, :, 0] + bodies.corners_m[:, :, 2]) / 2
        facing = np.einsum("pfc,pfc->pf", bodies.normal, to_eye) > 0
        order = np.argsort(np.where(facing, -np.einsum("pfc,pfc->pf", to_eye, to_eye), np.inf), axis=1)
        self._count = facing.sum(axis=1)
        quads_px, _ = view.project(bodies.corners_m)
        columns, rows = (np.ascontiguousarray(quads_px[..., axis]).reshape(len(quads_px), -1) for axis in (0, 1))
        self._low = np.column_stack([columns.min(axis=1), rows.min(axis=1)])
        self._high = np.column_stack([columns.max(axis=1), rows.max(axis=1)])
        self._corner = np.floor(self._low).astype(int)
        local = ((quads_px - self._corner[:, None, None]) * _FINE - 0.5) * (1 << _SHIFT)
        self._quads = np.take_along_axis(np.round(local).astype(np.int32), order[:, :, None, None], axis=1)
        codes = np.broadcast_to(255.0 - bodies.part, facing.shape)
        paint = np.concatenate([np.clip(rgb[:, :, ::-1], 0, 255), codes[:, :, None]], axis=2)
        self._paint = np.take_along_axis(paint, order[:, :, None], axis=1)

    def sprite(self, row: int, range_m: float, shadow: Shadow | None) -> Sprite:
        """One body, far faces painted first, those that look away left out."""
        width, height = (np.ceil(self._high[row]).astype(int) - self._corner[row]).tolist()
        canvas = np.zeros((height * _FINE, width * _FINE, 4), dtype=np.uint8)
        count = self._count[row]
        for quad, colour in zip(self._quads[row, :count], self._paint[row, :count].tolist(), strict=True):
            cv2.fillConvexPoly(canvas, quad, colour, cv2.LINE_8, _SHIFT)
        bgra = np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        left, top = self._corner[row].tolist()
        codes = canvas[::_FINE, ::_FINE, 3].copy()
        return Sprite(self._low[row], self._high[row], left, top, bgra, codes, range_m, shadow)


def _shadows(stage: Stage, xy_m: Floats) -> list[Shadow | None]:
    """A soft round spot on the floor round the feet of each person at (n, 2) m, where it is in the picture."""
    view = stage.view
    rims = xy_m[:, None] + 2 * _SHADOW_RADIUS_M * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1.0]])
    px, _ = view.project(np.concatenate([rims, np.zeros((len(xy_m), 4, 1))], axis=2))
    low = np.maximum(np.floor(px.min(axis=1)), 0).astype(int)
    high = np.minimum(np.ceil(px.max(axis=1)), [view.width_px, view.height_px]).astype(int)
    spots: list[Shadow | None] = []
    for (left, top), (right, bottom), feet in zip(low.tolist(), high.tolist(), xy_m.astype(np.float32), strict=True):
        off = (stage.floor_m[top:bottom, left:right] - feet) * np.float32(1 / _SHADOW_RADIUS_M)
        dark = np.float32(_SHADOW_DEPTH) * np.exp(-np.minimum(off[:, :, 0] ** 2 + off[:, :, 1] ** 2, 50))
        spots.append(Shadow(left, top, (1 - dark)[:, :, None]) if left < right and top < bottom else None)
    return spots
