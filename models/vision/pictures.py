"""Pictures: what a detector looks at and crops are cut from, whatever the layout of their pixels.

Video codecs give brightness and colour apart (I420). Whoever wants a small picture or a small part of one need not turn
two million pixels into BGR for it.
"""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Size = tuple[int, int]
"""Width and height, px."""


class Picture(Protocol):
    """A picture that can be seen as BGR, uint8 (h, w, 3): whole, smaller, or a part of it."""

    @property
    def size_px(self) -> Size:
        """Width and height."""

    def bgr(self) -> Bytes:
        """All of it; not to be written to."""

    def resized(self, size_px: Size) -> Bytes:
        """All of it in another size (bilinear)."""

    def part(self, rows: slice, columns: slice) -> Bytes:
        """A copy of the pixels in `rows` and `columns`, which lie within the picture."""


@dataclass(frozen=True)
class Bgr:
    """A picture that is BGR already: `pixels`, uint8 (h, w, 3)."""

    pixels: Bytes

    @property
    def size_px(self) -> Size:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def bgr(self) -> Bytes:
        """The pixels themselves."""
        return self.pixels

    def resized(self, size_px: Size) -> Bytes:
        """All of it in another size; itself if that is its own."""
        return self.pixels if size_px == self.size_px else _resized(self.pixels, size_px)

    def part(self, rows: slice, columns: slice) -> Bytes:
        """A copy of the pixels there."""
        return self.pixels[rows, columns].copy()


@dataclass(frozen=True)
class I420:
    """A picture as codecs store it: brightness, then two planes of colour of half its width and height.

    `planes`  (w * h * 3 / 2,) uint8: Y, U, V row by row, ITU-R BT.601 in video range
    `size_px` even width and height
    """

    planes: Bytes
    size_px: Size

    def bgr(self) -> Bytes:
        """All of it, turned into BGR anew at each call."""
        return _bgr(*self._planes())

    def resized(self, size_px: Size) -> Bytes:
        """All of it in another size; the planes are resized before they become BGR, where the size allows it."""
        width, height = size_px
        if width % 2 or height % 2:
            return _resized(self.bgr(), size_px)
        y, u, v = self._planes()
        half = width // 2, height // 2
        return _bgr(_resized(y, size_px), _resized(u, half), _resized(v, half))

    def part(self, rows: slice, columns: slice) -> Bytes:
        """A copy of the pixels there, the even rectangle around them turned into BGR."""
        top, bottom = rows.start // 2, -(-rows.stop // 2)
        left, right = columns.start // 2, -(-columns.stop // 2)
        if top >= bottom or left >= right:
            return np.zeros((max(rows.stop - rows.start, 0), max(columns.stop - columns.start, 0), 3), np.uint8)
        y, u, v = self._planes()
        around = _bgr(
            y[2 * top : 2 * bottom, 2 * left : 2 * right], u[top:bottom, left:right], v[top:bottom, left:right]
        )
        inner = around[rows.start - 2 * top : rows.stop - 2 * top, columns.start - 2 * left : columns.stop - 2 * left]
        return inner.copy()

    def _planes(self) -> tuple[Bytes, Bytes, Bytes]:
        width, height = self.size_px
        rows = self.planes.reshape(height * 3 // 2, width)
        u, v = rows[height:].reshape(2, height // 2, width // 2)
        return rows[:height], u, v


def _resized(pixels: Bytes, size_px: Size) -> Bytes:
    return np.asarray(cv2.resize(pixels, size_px, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _bgr(y: Bytes, u: Bytes, v: Bytes) -> Bytes:
    height, width = y.shape
    packed = np.concatenate([y.ravel(), u.ravel(), v.ravel()]).reshape(height * 3 // 2, width)
    return np.asarray(cv2.cvtColor(packed, cv2.COLOR_YUV2BGR_I420), dtype=np.uint8)
