"""Letterbox: a picture of any size placed into a network's input without changing its aspect, and back."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.vision.pictures import Bytes, Picture, Size

Floats = NDArray[np.float32]
PADDING = 114
"""The grey that YOLO models are trained with."""
SHRINK = 0.03
"""How much smaller, as a share, a picture may be seen to save a row of strides."""


@dataclass(frozen=True)
class Letterbox:
    """Where a picture lies in an input: resized to `inner`, its corner at (`left`, `top`) px."""

    picture: Size
    input: Size
    inner: Size
    left: int
    top: int

    def place(self, picture: Picture) -> Bytes:
        """The input, uint8 (height, width, 3), with the picture in it and grey around it."""
        canvas = np.full((self.input[1], self.input[0], 3), PADDING, dtype=np.uint8)
        canvas[self.top : self.top + self.inner[1], self.left : self.left + self.inner[0]] = picture.resized(self.inner)
        return canvas

    def to_picture(self, boxes_px: Floats) -> Floats:
        """Boxes of the input, (n, 4) xyxy px, as boxes of the picture, clipped to it."""
        boxes = (boxes_px - self._offset()) / self._scale()
        return np.asarray(np.clip(boxes, 0, np.array(self.picture * 2)), dtype=np.float32)

    def to_input(self, boxes_px: Floats) -> Floats:
        """Boxes of the picture, (n, 4) xyxy px, as boxes of the input."""
        return np.asarray(boxes_px * self._scale() + self._offset(), dtype=np.float32)

    def _scale(self) -> Floats:
        # Resizing rounds to whole pixels, so the two axes scale a little differently.
        return np.array([self.inner[0] / self.picture[0], self.inner[1] / self.picture[1]] * 2, dtype=np.float32)

    def _offset(self) -> Floats:
        return np.array([self.left, self.top] * 2, dtype=np.float32)


def fit(picture: Size, into: Size, *, centred: bool = True) -> Letterbox:
    """The largest placement of a picture in an input, in its middle or in its top left corner."""
    scale = min(into[0] / picture[0], into[1] / picture[1])
    inner = (max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale)))
    left, top = ((into[0] - inner[0]) // 2, (into[1] - inner[1]) // 2) if centred else (0, 0)
    return Letterbox(picture, into, inner, left, top)


def input_size(picture: Size, long_side: int, stride: int = 32) -> Size:
    """The smallest input, whole strides wide and high, that holds the picture with its longer side = `long_side` px.

    A side that would need up to `SHRINK` more is rounded down: 16:9 at 640 px becomes 640x352, a twelfth less work than 640x384.
    """
    scale = long_side / max(picture)
    width, height = (max(1, math.ceil(round(side * scale) / (1 + SHRINK) / stride)) * stride for side in picture)
    return width, height
