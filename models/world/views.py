"""What a camera sees of its floor."""

import numpy as np

from models.world.places import Camera, Floats, Floor, inside

_COLUMNS, _ROWS = 33, 97
"""How finely the picture is sampled; rows more finely, because far ones are many metres deep."""


def seen_floor(camera: Camera, floor: Floor) -> Floats:
    """The convex outline of the part of the floor that the camera's picture shows, (n, 2) m, counter-clockwise.

    Empty, (0, 2), where the picture shows no area of the floor. Walls in between are not known and do not count.
    """
    across, down = np.meshgrid(np.linspace(0, camera.width_px, _COLUMNS), np.linspace(0, camera.height_px, _ROWS))
    feet = camera.calibration.to_floor(np.column_stack([across.ravel(), down.ravel()]))
    feet = feet[np.isfinite(feet).all(axis=1)]
    return convex_outline(feet[inside(floor.outline, feet)])


def convex_outline(points: Floats) -> Floats:
    """The corners of the convex hull of the points, (n, 2) -> (m, 2), counter-clockwise (Andrew 1979, monotone chain).

    Empty for points that enclose no area.
    """
    ordered = [(float(x), float(y)) for x, y in np.unique(points, axis=0)]
    lower, upper = _chain(ordered), _chain(ordered[::-1])
    corners = [*lower[:-1], *upper[:-1]]
    return np.array(corners) if len(corners) >= 3 else np.zeros((0, 2))


def _chain(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The half of the hull that turns left all the way through the sorted points."""
    chain: list[tuple[float, float]] = []
    for point in ordered:
        while len(chain) >= 2 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
