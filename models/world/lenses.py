"""Lens distortion: where a straight line of the hall is bent in the picture.

The division model with one number (Fitzgibbon 2001, "Simultaneous linear estimation of multiple view geometry and lens distortion"):
a point at r from the middle of the picture, measured in half diagonals, belongs at r / (1 + k1 r^2). Negative is a barrel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WEAKEST, STRONGEST = -0.6, 0.6
"""The range of `k1`: beyond it a picture is a fish-eye's, which this model does not describe."""


@dataclass(frozen=True)
class Lens:
    """`k1` of a lens whose picture has this size in px."""

    k1: float
    width_px: int
    height_px: int

    @property
    def middle_px(self) -> Floats:
        """The middle of the picture, (2,) px."""
        return np.array([self.width_px / 2, self.height_px / 2])

    @property
    def radius_px(self) -> float:
        """Half the diagonal."""
        return float(np.hypot(self.width_px, self.height_px) / 2)

    def straighten(self, points_px: Floats) -> Floats:
        """Where points of the picture, (n, 2) px, would be without distortion."""
        off = (np.asarray(points_px, dtype=np.float64) - self.middle_px) / self.radius_px
        squared = (off**2).sum(axis=-1, keepdims=True)
        return np.asarray(self.middle_px + self.radius_px * off / (1 + self.k1 * squared))

    def bend(self, points_px: Floats) -> Floats:
        """The inverse of `straighten`; nan for points that lie beyond what the lens can show."""
        off = (np.asarray(points_px, dtype=np.float64) - self.middle_px) / self.radius_px
        away = np.linalg.norm(off, axis=-1, keepdims=True)
        root = 1 - 4 * self.k1 * away**2
        # The smaller root of k1 s r^2 - r + s = 0 for the distance s without distortion, in the form that k1 = 0 does not divide by.
        near = 2 * away / (1 + np.sqrt(np.maximum(root, 0.0)))
        scale = np.where(away > 1e-12, near / np.maximum(away, 1e-12), 1.0)
        return np.asarray(np.where(root >= 0, self.middle_px + self.radius_px * off * scale, np.nan))

    def jacobian(self, points_px: Floats) -> Floats:
        """d(straightened)/d(picture) at each point, (n, 2) px -> (n, 2, 2)."""
        off = (np.asarray(points_px, dtype=np.float64) - self.middle_px) / self.radius_px
        bottom = 1 + self.k1 * (off**2).sum(axis=-1)[:, None, None]
        outer = off[:, :, None] * off[:, None, :]
        return np.asarray(np.eye(2) / bottom - 2 * self.k1 * outer / bottom**2)
