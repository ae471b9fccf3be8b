"""People as boxes in a picture: how tall they stand there, and who hides whom."""

import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.detections.scene import Floats, on_floor
from pipelines.simulator.view import View

WIDTH = 0.3
"""Of a box, as a share of its height."""


def heights_px(xy_m: Floats, height_m: Floats, view: View) -> Floats:
    """How tall people stand in the picture, (n,) px."""
    feet, heads = view.project(on_floor(xy_m))[0], view.project(on_floor(xy_m, height_m))[0]
    return np.asarray(np.abs(feet[:, 1] - heads[:, 1]))


def boxes_px(xy_m: Floats, tall_px: Floats, view: View) -> Floats:
    """The boxes, (n, 4) left, top, right, bottom px, of people who stand so tall in the picture."""
    feet, half = view.project(on_floor(xy_m))[0], WIDTH / 2 * tall_px
    return np.column_stack([feet[:, 0] - half, feet[:, 1] - tall_px, feet[:, 0] + half, feet[:, 1]])


def covered(frame: NDArray[np.integer], xy_m: Floats, height_m: Floats, view: View) -> Floats:
    """The share of each person's box, (n,), that the box of one person nearer to the camera in the same `frame` (n,) covers at most."""
    boxes, depth = boxes_px(xy_m, heights_px(xy_m, height_m, view), view), view.project(on_floor(xy_m))[1]
    shares, order = np.zeros(len(frame)), np.argsort(frame, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(frame[order])) + 1):
        own, away = boxes[rows], depth[rows]
        low, high = np.maximum(own[:, None, :2], own[None, :, :2]), np.minimum(own[:, None, 2:], own[None, :, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=2) / (own[:, 2:] - own[:, :2]).prod(axis=1)[:, None]
        shares[rows] = np.where(away[None, :] < away[:, None], shared, 0.0).max(axis=1, initial=0.0)
    return shares
