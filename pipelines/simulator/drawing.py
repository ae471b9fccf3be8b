"""People drawn into a picture: far ones first, hidden by what stands before them, and what of them stays visible."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.figure import Crowd, Part
from pipelines.simulator.sprites import Shadow, Sprite, sprites
from pipelines.simulator.stage import Stage
from pipelines.simulator.view import NEAR_M, View
from pipelines.simulator.wardrobe import Look

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]
PARTS = len(Part)
_Pose = tuple[Look, float, float, float, float, float]
_NEAREST_M = 0.8
MIN_PART = 0.02
"""A part that makes up less of the figure cannot be told: the body itself hides it."""


@dataclass(frozen=True)
class Sight:
    """What can be seen of a crowd, one row per person.

    `boxes_px` (n, 4) float64 xyxy around the whole drawn figure, clipped to the picture (empty outside it);
    `visible` (n,) share of the figure's pixels that are shown; `pixels` (n,) shown pixels; `drawn_parts` and `shown_parts` (n, parts)
    the pixels of each `figure.Part` that were drawn, and that are shown.
    """

    boxes_px: Floats
    visible: Floats
    pixels: NDArray[np.int64]
    drawn_parts: NDArray[np.int64]
    shown_parts: NDArray[np.int64]

    def share(self, row: int, parts: Sequence[Part]) -> float:
        """The share that is shown, 0 to 1, of some parts of a person; 0 where they are too small in the figure to be told."""
        drawn = int(self.drawn_parts[row, list(parts)].sum())
        if drawn < MIN_PART * self.drawn_parts[row].sum():
            return 0.0
        return float(self.shown_parts[row, list(parts)].sum() / max(drawn, 1))


class Painter:
    """Draws crowds into pictures of one stage. Who stands exactly as in the picture before is not drawn anew."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._known: dict[_Pose, Sprite] = {}

    def draw(self, crowd: Crowd) -> tuple[Image, Sight]:
        """The stage with the crowd in it, (h, w, 3), and what of the crowd is visible."""
        picture = self._stage.bgr.copy()
        rows = _in_front(self._stage.view, crowd)
        poses = _poses(crowd)
        self._remember(crowd, rows, poses)
        bodies = {row: self._known[poses[row]] for row in rows}
        for sprite in bodies.values():
            if sprite.shadow:
                _darken(picture, sprite.shadow)
        owner = np.zeros(self._stage.range_m.shape, dtype=np.int32)
        for row in sorted(rows, key=lambda row: -bodies[row].range_m):
            _lay(picture, owner, self._stage, bodies[row], row)
        return picture, _sight(self._stage.view, len(crowd.looks), bodies, owner)

    def _remember(self, crowd: Crowd, rows: Sequence[int], poses: Sequence[_Pose]) -> None:
        fresh = [row for row in rows if poses[row] not in self._known]
        known = {poses[row]: self._known[poses[row]] for row in rows if poses[row] in self._known}
        if fresh:
            known |= zip((poses[row] for row in fresh), sprites(self._stage, _pick(crowd, fresh)), strict=True)
        self._known = known


def _poses(crowd: Crowd) -> list[_Pose]:
    numbers = np.column_stack([crowd.xy_m, crowd.heading, crowd.phase, crowd.stride]).tolist()
    return [
        (look, x, y, heading, phase, stride)
        for look, (x, y, heading, phase, stride) in zip(crowd.looks, numbers, strict=True)
    ]


def _in_front(view: View, crowd: Crowd) -> list[int]:
    """The rows of the people who may be in the picture, by a box around the body."""
    if not crowd.looks:
        return []
    heights = np.array([look.height_m for look in crowd.looks])
    feet = np.column_stack([crowd.xy_m, np.zeros(len(heights))])
    px, depth = view.project(np.stack([feet, feet + heights[:, None] * np.array([0, 0, 1.0])], axis=1))
    reach = view.focal_px * 0.8 / np.maximum(depth.min(axis=1), NEAR_M)
    low, high = px.min(axis=1) - reach[:, None], px.max(axis=1) + reach[:, None]
    inside = (high > 0).all(axis=1) & (low < [view.width_px, view.height_px]).all(axis=1)
    return [int(row) for row in np.nonzero(inside & (depth.min(axis=1) > _NEAREST_M))[0]]


def _pick(crowd: Crowd, rows: list[int]) -> Crowd:
    looks = [crowd.looks[row] for row in rows]
    return Crowd(looks, crowd.xy_m[rows], crowd.heading[rows], crowd.phase[rows], crowd.stride[rows])


def _darken(picture: Image, shadow: Shadow) -> None:
    height, width = shadow.light.shape[:2]
    region = picture[shadow.top : shadow.top + height, shadow.left : shadow.left + width]
    region[:] = region * shadow.light


def _lay(picture: Image, owner: NDArray[np.int32], stage: Stage, sprite: Sprite, row: int) -> None:
    """Lay a sprite over the picture where nothing stands nearer; `owner` notes PARTS (row + 1) + part at its pixels."""
    (height, width), limit = sprite.codes.shape, owner.shape
    left, top = max(0, -sprite.left), max(0, -sprite.top)
    right, bottom = min(width, limit[1] - sprite.left), min(height, limit[0] - sprite.top)
    if left >= right or top >= bottom:
        return
    inner = (slice(top, bottom), slice(left, right))
    outer = (slice(top + sprite.top, bottom + sprite.top), slice(left + sprite.left, right + sprite.left))
    figure, codes = sprite.bgra[inner], sprite.codes[inner]
    hidden = stage.range_m[outer] < sprite.range_m - 0.1
    if hidden.any():
        figure, codes = np.where(hidden[:, :, None], np.uint8(0), figure), np.where(hidden, np.uint8(0), codes)
    region = picture[outer]
    left_over = (255 - figure[:, :, 3:]).astype(np.float32) * np.float32(1 / 255)
    region[:] = np.minimum(region * left_over + figure[:, :, :3], 255)
    here = codes > 0
    owner[outer][here] = PARTS * (row + 1) + (255 - codes[here])


def _sight(view: View, people: int, bodies: dict[int, Sprite], owner: NDArray[np.int32]) -> Sight:
    boxes, whole = np.zeros((people, 4)), np.zeros((people, PARTS), dtype=np.int64)
    limit = np.array([view.width_px, view.height_px])
    for row, sprite in bodies.items():
        boxes[row] = np.concatenate([np.clip(sprite.low_px, 0, limit), np.clip(sprite.high_px, 0, limit)])
        whole[row] = np.bincount(sprite.codes.ravel(), minlength=256)[: 255 - PARTS : -1]
    shown = np.bincount(owner.ravel(), minlength=PARTS * (people + 1))[PARTS:].reshape(people, PARTS)
    visible = np.minimum(1.0, shown.sum(axis=1) / np.maximum(whole.sum(axis=1), 1))
    return Sight(boxes, visible, shown.sum(axis=1), whole, shown)
