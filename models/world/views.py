"""What a camera sees of its floor."""

import numpy as np

from models.world.places import Camera, Floats, Floor, inside

_COLUMNS, _ROWS = 33, 97
"""How finely the picture is sampled; rows more finely, because far ones are many metres deep."""
_DIRECTIONS = 72
"""In how many directions an outline's corners are looked for: corners blunter than 175 degrees may be cut."""


def seen_floor(camera: Camera, floor: Floor) -> Floats:
    """The convex outline of the part of the floor that the camera's picture shows, (n, 2) m, counter-clockwise.

    Empty, (0, 2), where the picture shows no area of the floor, and for a camera without calibration. Walls in between are not known and do not count.
    """
    if camera.calibration is None:
        return np.zeros((0, 2))
    across, down = np.meshgrid(np.linspace(0, camera.width_px, _COLUMNS), np.linspace(0, camera.height_px, _ROWS))
    feet = camera.calibration.to_floor(np.column_stack([across.ravel(), down.ravel()]))
    feet = feet[np.isfinite(feet).all(axis=1)]
    return convex_outline(feet[inside(floor.outline, feet)])


def convex_outline(points: Floats) -> Floats:
    """The farthest points in each direction, (n, 2) -> (m, 2), counter-clockwise; empty for points that enclose no area."""
    nothing = np.zeros((0, 2))
    if not len(points):
        return nothing
    turns = np.linspace(0, 2 * np.pi, _DIRECTIONS, endpoint=False)
    farthest = (points @ np.array([np.cos(turns), np.sin(turns)])).argmax(axis=0)
    corners = points[farthest[farthest != np.roll(farthest, 1)]]
    return corners if _area(corners) > 1e-9 else nothing


def _area(corners: Floats) -> float:
    """Of a polygon, counter-clockwise (the shoelace formula)."""
    x, y = corners.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
