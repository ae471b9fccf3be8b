"""Where a camera hangs and how it looks, told from its calibration, and how high people in its picture are."""

from dataclasses import dataclass

import numpy as np

from models.world.places import Calibration, Floats

_LEAST_FOCAL, _MOST_FOCAL = 0.2, 20.0
"""Focal lengths that a camera may have, in widths of its picture."""


@dataclass(frozen=True)
class Pose:
    """A camera with square pixels whose optical axis meets the middle of its picture.

    `projection` (3, 4) takes points of the hall (m, homogeneous) to straightened picture points; `focal_px`; `eye_m` (3,), the lens;
    `tilt_deg`, how far below the horizon it looks.
    """

    projection: Floats
    focal_px: float
    eye_m: Floats
    tilt_deg: float


def pose(calibration: Calibration, width_px: int, height_px: int) -> Pose | None:
    """The pose behind a homography (Zhang 2000, "A Flexible New Technique for Camera Calibration", section 3.1, one view).

    None where one view of the floor does not tell it: looking straight down, or with a homography that no such camera has.
    """
    middle = np.array([[1, 0, -width_px / 2], [0, 1, -height_px / 2], [0, 0, 1.0]])
    first, second, third = (middle @ np.linalg.inv(calibration.matrix)).T
    focal_px = _focal_px(first, second, width_px)
    if focal_px is None:
        return None
    flat = np.diag([1 / focal_px, 1 / focal_px, 1.0])
    size = (np.linalg.norm(flat @ first) + np.linalg.norm(flat @ second)) / 2
    across, along, shift = (flat @ column / size for column in (first, second, third))
    rotation = _nearest_rotation(np.column_stack([across, along, np.cross(across, along)]))
    eye = -rotation.T @ shift
    if eye[2] < 0:  # the other sign of the homography: the floor in front of the lens, the camera above it
        rotation, shift = _nearest_rotation(np.column_stack([-across, -along, np.cross(across, along)])), -shift
        eye = -rotation.T @ shift
    camera = np.linalg.inv(middle) @ np.diag([focal_px, focal_px, 1.0])
    projection = camera @ np.column_stack([rotation, shift])
    return Pose(projection, focal_px, eye, float(np.degrees(np.arcsin(np.clip(-rotation[2, 2], -1, 1)))))


def heights_m(seen: Pose, calibration: Calibration, boxes_px: Floats) -> Floats:
    """How high above the floor the top of each box is, over its foot point: (n, 4) px left, top, right, bottom -> (n,) m."""
    middle = (boxes_px[:, 0] + boxes_px[:, 2]) / 2
    floor = calibration.to_floor(np.column_stack([middle, boxes_px[:, 3]]))
    top = calibration.straightened(np.column_stack([middle, boxes_px[:, 1]]))[:, 1]
    foot = np.column_stack([floor, np.zeros(len(floor)), np.ones(len(floor))]) @ seen.projection.T
    up = seen.projection[:, 2]
    return np.asarray((foot[:, 1] - top * foot[:, 2]) / (top * up[2] - up[1]))


def _focal_px(first: Floats, second: Floats, width_px: int) -> float | None:
    """From the two columns that must be of one length and at a right angle once they are divided by the focal length."""
    slopes = np.array([first[0] * second[0] + first[1] * second[1], first[:2] @ first[:2] - second[:2] @ second[:2]])
    rests = np.array([first[2] * second[2], first[2] ** 2 - second[2] ** 2])
    if not float(slopes @ slopes):
        return None
    inverse_square = -float(slopes @ rests) / float(slopes @ slopes)
    if inverse_square <= 0:
        return None
    focal_px = inverse_square**-0.5
    return focal_px if _LEAST_FOCAL * width_px <= focal_px <= _MOST_FOCAL * width_px else None


def _nearest_rotation(matrix: Floats) -> Floats:
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right)
