import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPoint, Point, Polygon

from models.world.places import Camera, Floor, with_homography
from models.world.views import convex_outline, seen_floor

HALL = Floor(0, "Hall", ((0.0, 0.0), (40.0, 0.0), (40.0, 20.0), (0.0, 20.0)))


def camera(*, shift_m: float = 0.0, scale: float = 0.05) -> Camera:
    """640 x 384 px seen straight from above: 32 x 19.2 m."""
    matrix = np.array([[scale, 0, shift_m], [0, scale, 0], [0, 0, 1.0]])
    return Camera("cam", 0, 640, 384, 10.0, 1.0, with_homography(matrix))


def area(corners: np.ndarray) -> float:
    return Polygon(corners).area if len(corners) else 0.0


def test_a_camera_sees_its_picture() -> None:
    seen = seen_floor(camera(), HALL)
    assert area(seen) == pytest.approx(32 * 19.2, rel=0.02)
    assert Polygon(seen).exterior.is_ccw


def test_a_camera_sees_nothing_beyond_its_floor() -> None:
    assert area(seen_floor(camera(shift_m=20), HALL)) == pytest.approx(20 * 19.2, rel=0.06)
    assert seen_floor(camera(shift_m=50), HALL).shape == (0, 2)


def test_what_lies_above_the_horizon_is_not_seen() -> None:
    tilted = with_homography(np.array([[0.05, 0.0, 4.0], [0.0, 0.0, 15.0], [0.0, 0.01, -1.0 + 1e-6]]) / -1.0)
    seen = seen_floor(Camera("cam", 0, 640, 384, 10.0, 1.0, tilted), HALL)
    assert np.isfinite(seen).all()
    assert all(-1e-6 <= x <= 40 and -1e-6 <= y <= 20 for x, y in seen)


points = st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=3, max_size=60)


@given(points)
def test_an_outline_is_within_the_hull_and_misses_only_blunt_corners(cloud: list[tuple[float, float]]) -> None:
    outline, hull = convex_outline(np.array(cloud)), MultiPoint(cloud).convex_hull
    if len(outline):
        assert hull.buffer(1e-6).contains(Polygon(outline))
        # A corner that is missed is blunter than 175 degrees, so it sticks out by less than half a base times tan 2.5°.
        worst = hull.length / 2 * np.tan(np.radians(2.5)) + 1e-6
        assert all(Polygon(outline).distance(Point(corner)) <= worst for corner in cloud)
    else:
        assert hull.area < 0.05 * max(hull.length, 1.0) ** 2


def test_points_on_a_line_enclose_nothing() -> None:
    assert convex_outline(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])).shape == (0, 2)
    assert convex_outline(np.zeros((0, 2))).shape == (0, 2)
