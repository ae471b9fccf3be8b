"""A pinhole camera in the mall: where points of the hall appear in its picture."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.world.places import Calibration, calibrate

Floats = NDArray[np.float64]
NEAR_M = 0.2
"""What lies less than this in front of the lens is not drawn."""


@dataclass(frozen=True)
class View:
    """A camera at (x, y, height) metres that looks along `yaw` (radians, 0 = along x, counter-clockwise), tilted down.

    `focal_px` is the focal length in pixels; the principal point is the middle of the picture; no lens distortion.
    """

    x_m: float
    y_m: float
    height_m: float
    yaw: float
    tilt: float
    focal_px: float
    width_px: int = 640
    height_px: int = 384
    roll: float = 0.0

    @cached_property
    def eye(self) -> Floats:
        """The lens, (3,) m."""
        return np.array([self.x_m, self.y_m, self.height_m])

    @cached_property
    def rotation(self) -> Floats:
        """Rows are the picture's right, down and forward directions in the hall, (3, 3)."""
        forward = np.array(
            [np.cos(self.yaw) * np.cos(self.tilt), np.sin(self.yaw) * np.cos(self.tilt), -np.sin(self.tilt)]
        )
        right = np.array([np.sin(self.yaw), -np.cos(self.yaw), 0.0])
        down = np.cross(forward, right)
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        return np.stack([cos * right + sin * down, cos * down - sin * right, forward])

    def to_camera(self, points_m: Floats) -> Floats:
        """Hall points, (..., 3) m, in camera coordinates: right, down, forward, (..., 3) m."""
        return np.asarray((points_m - self.eye) @ self.rotation.T)

    def project(self, points_m: Floats) -> tuple[Floats, Floats]:
        """Hall points, (..., 3) m, as picture points (..., 2) px and their depth (...,) m; mind depths <= `NEAR_M`."""
        seen = self.to_camera(points_m)
        depth = seen[..., 2]
        middle = np.array([self.width_px / 2, self.height_px / 2])
        return middle + self.focal_px * seen[..., :2] / np.maximum(depth, NEAR_M)[..., None], depth

    def rays(self, points_px: Floats) -> Floats:
        """The directions, (..., 3), in the hall of picture points, (..., 2) px; a step of 1 is 1 m of depth."""
        middle = np.array([self.width_px / 2, self.height_px / 2])
        flat = (points_px - middle) / self.focal_px
        return np.asarray(flat @ self.rotation[:2] + self.rotation[2])

    def floor_point(self, points_px: Floats) -> Floats:
        """Where the rays through picture points, (n, 2) px, meet the floor, (n, 2) m; nan at and above the horizon."""
        rays = self.rays(points_px)
        steps = np.where(rays[:, 2] < -1e-6, -self.height_m / np.minimum(rays[:, 2], -1e-6), np.nan)
        return np.asarray(self.eye[:2] + steps[:, None] * rays[:, :2])

    def calibration(self) -> Calibration:
        """Eight point pairs over the lower part of the picture (to 0.01 px and 1 mm) and the homography through them."""
        columns, rows = np.meshgrid([0.08, 0.36, 0.64, 0.92], [0.45, 0.95])
        wanted = np.column_stack([columns.ravel() * self.width_px, rows.ravel() * self.height_px])
        floor = np.round(self.floor_point(wanted), 3)
        picture = np.round(self.project(np.column_stack([floor, np.zeros(len(floor))]))[0], 2)
        return calibrate([(float(x), float(y)) for x, y in picture], [(float(x), float(y)) for x, y in floor])
