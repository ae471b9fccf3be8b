"""People drawn into a picture: far ones first, hidden by what stands before them, and what of them stays visible."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.figure import LABEL, Crowd, Faces, faces
from pipelines.simulator.stage import Stage
from pipelines.simulator.view import NEAR_M, View

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]
_FINE = 2
"""Figures are drawn this many times larger and averaged down: smooth edges without seams between faces."""
_SHADOW_RADIUS_M = 0.34
_SHADOW_DEPTH = 0.5
_SHIFT = 4


@dataclass(frozen=True)
class Sight:
    """What can be seen of a crowd, one row per person.

    `boxes_px` (n, 4) float64 xyxy around the whole drawn figure, clipped to the picture (empty outside it);
    `visible` (n,) share of the figure's pixels that are shown; `parts` (n, 4) the same of the head and hands, shirt,
    trousers and feet; `pixels` (n,) shown pixels.
    """

    boxes_px: Floats
    visible: Floats
    parts: Floats
    pixels: NDArray[np.int64]


def draw(picture: Image, stage: Stage, crowd: Crowd) -> Sight:
    """Draw the crowd into `picture` (a copy of the stage's), with soft shadows, and say what of it is visible."""
    sight = _Bookkeeper(stage, len(crowd.looks))
    near = _in_front(stage.view, crowd)
    if near.size:
        shown = _pick(crowd, near)
        bodies = faces(shown)
        light = stage.brightness.at(shown.xy_m)
        ranges = np.hypot(*(shown.xy_m - stage.view.eye[:2]).T)
        _shadows(picture, stage, shown.xy_m)
        bodies.rgb[:] *= light[:, None, None]
        figures = _Figures(stage.view, bodies)
        for row in np.argsort(-ranges):
            _draw_one(picture, stage, figures, int(row), float(ranges[row]), int(near[row]), sight)
    return sight.close()


class _Bookkeeper:
    """Who is shown at which pixel, and how many pixels each figure would have alone and unclipped."""

    def __init__(self, stage: Stage, people: int) -> None:
        self.owner = np.zeros(stage.range_m.shape, dtype=np.int32)
        self.boxes_px = np.zeros((people, 4))
        self.whole = np.zeros((people, 4))

    def close(self) -> Sight:
        people = len(self.whole)
        shown = np.bincount(self.owner.ravel(), minlength=4 * (people + 1))[4:].reshape(people, 4)
        whole = np.maximum(self.whole, 1e-9)
        share = np.minimum(1.0, shown.sum(axis=1) / np.maximum(self.whole.sum(axis=1), 1e-9))
        return Sight(self.boxes_px, share, np.minimum(1.0, shown / whole), shown.sum(axis=1))


def _in_front(view: View, crowd: Crowd) -> NDArray[np.int64]:
    """The people who may be in the picture, by a box around the body."""
    if not len(crowd.looks):
        return np.zeros(0, dtype=np.int64)
    heights = np.array([look.height_m for look in crowd.looks])
    feet = np.column_stack([crowd.xy_m, np.zeros(len(heights))])
    px, depth = view.project(np.stack([feet, feet + heights[:, None] * np.array([0, 0, 1.0])], axis=1))
    reach = view.focal_px * 0.8 / np.maximum(depth.min(axis=1), NEAR_M)
    low, high = px.min(axis=1) - reach[:, None], px.max(axis=1) + reach[:, None]
    inside = (high > 0).all(axis=1) & (low < [view.width_px, view.height_px]).all(axis=1)
    return np.nonzero(inside & (depth.min(axis=1) > 0.8))[0]


def _pick(crowd: Crowd, rows: NDArray[np.int64]) -> Crowd:
    looks = [crowd.looks[row] for row in rows]
    return Crowd(looks, crowd.xy_m[rows], crowd.heading[rows], crowd.phase[rows], crowd.stride[rows])


def _shadows(picture: Image, stage: Stage, xy_m: Floats) -> None:
    """Darken the floor round the feet of people at (n, 2) m: soft round spots."""
    view = stage.view
    rims = xy_m[:, None] + 2 * _SHADOW_RADIUS_M * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1.0]])
    px, _ = view.project(np.concatenate([rims, np.zeros((len(xy_m), 4, 1))], axis=2))
    low = np.maximum(np.floor(px.min(axis=1)), 0).astype(int)
    high = np.minimum(np.ceil(px.max(axis=1)), [view.width_px, view.height_px]).astype(int)
    for (left, top), (right, bottom), feet in zip(low.tolist(), high.tolist(), xy_m.astype(np.float32), strict=True):
        if left < right and top < bottom:
            off = stage.floor_m[top:bottom, left:right] - feet
            off *= np.float32(1 / _SHADOW_RADIUS_M)
            dark = np.float32(_SHADOW_DEPTH) * np.exp(-np.minimum(off[:, :, 0] ** 2 + off[:, :, 1] ** 2, 50))
            region = picture[top:bottom, left:right]
            region[:] = region * (1 - dark)[:, :, None]


class _Figures:
    """The bodies of a crowd as seen by a camera: projected once for all, drawn one by one."""

    def __init__(self, view: View, bodies: Faces) -> None:
        to_eye = view.eye - (bodies.corners_m[:, :, 0] + bodies.corners_m[:, :, 2]) / 2
        facing = np.einsum("pfc,pfc->pf", bodies.normal, to_eye) > 0
        order = np.argsort(np.where(facing, -np.einsum("pfc,pfc->pf", to_eye, to_eye), np.inf), axis=1)
        self._count = facing.sum(axis=1)
        quads_px, _ = view.project(bodies.corners_m)
        columns, rows = (np.ascontiguousarray(quads_px[..., axis]).reshape(len(quads_px), -1) for axis in (0, 1))
        self.low = np.column_stack([columns.min(axis=1), rows.min(axis=1)])
        self.high = np.column_stack([columns.max(axis=1), rows.max(axis=1)])
        self.corner = np.floor(self.low).astype(int)
        local = ((quads_px - self.corner[:, None, None]) * _FINE - 0.5) * (1 << _SHIFT)
        self._quads = np.take_along_axis(np.round(local).astype(np.int32), order[:, :, None, None], axis=1)
        label = np.broadcast_to(255.0 - LABEL[bodies.part], facing.shape)
        paint = np.concatenate([np.clip(bodies.rgb[:, :, ::-1], 0, 255), label[:, :, None]], axis=2)
        self._paint = np.take_along_axis(paint, order[:, :, None], axis=1)

    def canvas(self, row: int) -> Image:
        """One body on an empty canvas of `_FINE` times its size, (h, w, 4): colour, and 255 minus the part's label."""
        width, height = (np.ceil(self.high[row]).astype(int) - self.corner[row]).tolist()
        canvas = np.zeros((height * _FINE, width * _FINE, 4), dtype=np.uint8)
        count = self._count[row]
        for quad, colour in zip(self._quads[row, :count], self._paint[row, :count].tolist(), strict=True):
            cv2.fillConvexPoly(canvas, quad, colour, cv2.LINE_8, _SHIFT)
        return canvas


def _draw_one(
    picture: Image, stage: Stage, figures: _Figures, row: int, range_m: float, person: int, sight: _Bookkeeper
) -> None:
    low, high = figures.low[row], figures.high[row]
    limit = np.array([stage.view.width_px, stage.view.height_px])
    sight.boxes_px[person] = np.concatenate([np.clip(low, 0, limit), np.clip(high, 0, limit)])
    _composite(picture, stage, figures.canvas(row), figures.corner[row].tolist(), range_m, person, sight)


def _composite(
    picture: Image, stage: Stage, canvas: Image, corner: list[int], range_m: float, person: int, sight: _Bookkeeper
) -> None:
    """Lay the averaged canvas over the picture where nothing stands nearer, and book the pixels."""
    codes = canvas[::_FINE, ::_FINE, 3]
    sight.whole[person] = np.bincount(codes.ravel(), minlength=256)[:251:-1]
    (height, width), limit = codes.shape, stage.range_m.shape
    left, top = max(0, -corner[0]), max(0, -corner[1])
    right, bottom = min(width, limit[1] - corner[0]), min(height, limit[0] - corner[1])
    if left >= right or top >= bottom:
        return
    inner = (slice(top, bottom), slice(left, right))
    outer = (slice(top + corner[1], bottom + corner[1]), slice(left + corner[0], right + corner[0]))
    figure = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)[inner]
    here = codes[inner] > 0
    hidden = stage.range_m[outer] < range_m - 0.1
    if hidden.any():
        figure = np.where(hidden[:, :, None], np.uint8(0), figure)
        here &= ~hidden
    region = picture[outer]
    shine = (255 - figure[:, :, 3:]).astype(np.float32) * np.float32(1 / 255)
    region[:] = np.minimum(region * shine + figure[:, :, :3], 255)
    sight.owner[outer][here] = 4 * (person + 1) + (255 - codes[inner][here])
