"""Calibrating from point pairs: the floor and the lens are found, and what the pairs do not tell is refused."""

import numpy as np
import pytest

from models.world.calibrating import calibrated
from models.world.errors import BadSite
from models.world.lenses import Lens
from models.world.places import with_homography
from models.world.poses import heights_m, pose
from pipelines.simulator.view import View

VIEW = View(3.0, 4.0, 5.0, 0.7, np.radians(33), 380.0)
SPREAD = np.array([[50, 300], [600, 300], [320, 370], [100, 200], [500, 190], [320, 160], [200, 250], [450, 340.0]])


def pairs(lens: Lens | None = None, noise_px: float = 0.3) -> tuple[list, list]:
    """Points as somebody clicks them, and where they are on the floor."""
    straight = SPREAD if lens is None else lens.straighten(SPREAD)
    clicked = SPREAD + np.random.default_rng(0).normal(0, noise_px, SPREAD.shape)
    floor = VIEW.floor_point(straight)
    return [tuple(map(float, point)) for point in clicked], [tuple(map(float, point)) for point in floor]


def test_residuals_tell_the_pair_that_is_wrong() -> None:
    points_px, points_m = pairs()
    good = calibrated(points_px, points_m, 640, 384)
    assert good.calibration.lens is None
    assert good.residuals_m.max() < 0.05
    assert good.residuals_px.max() < 1.5
    points_m[3] = (points_m[3][0] + 0.8, points_m[3][1])
    wrong = calibrated(points_px, points_m, 640, 384, lens_k1=0)
    assert int(wrong.left_out_m.argmax()) == 3
    assert wrong.left_out_m[3] > 0.6


def test_a_bent_lens_is_found_and_told_from_a_straight_one() -> None:
    bent = calibrated(*pairs(Lens(-0.25, 640, 384)), 640, 384)
    assert bent.calibration.lens is not None
    assert bent.calibration.lens.k1 == pytest.approx(-0.25, abs=0.02)
    assert bent.residuals_m.max() < 0.05
    without = calibrated(*pairs(Lens(-0.25, 640, 384)), 640, 384, lens_k1=0)
    assert without.residuals_m.mean() > 5 * bent.residuals_m.mean()


def test_four_pairs_fit_exactly_and_tell_nothing_of_the_lens() -> None:
    points_px, points_m = pairs()
    four = calibrated(points_px[:4], points_m[:4], 640, 384)
    assert four.calibration.lens is None
    assert four.residuals_m.max() < 1e-6
    assert np.isnan(four.left_out_m).all()


@pytest.mark.parametrize(
    ("points_px", "points_m", "reason"),
    [
        ([(10, 10), (20, 20), (30, 30), (40, 40)], [(0, 0), (5, 0), (5, 5), (0, 5)], "points_px .* lie on one line"),
        ([(10, 10), (90, 10), (90, 90), (10, 90)], [(0, 0), (1, 0), (2, 0), (3, 0)], "points_m .* lie on one line"),
        ([(12, 370), (610, 365), (420, 120), (200, 118)], [(1, 2), (9, 2), (17, 2), (2, 14)], "singular"),
        ([(12, 370), (610, 365), (610, 365), (200, 118)], [(1, 2), (9, 2), (9, 2), (2, 14)], "singular"),
        ([(12, 370), (610, 365), (420, 120)], [(1, 2), (9, 2), (8, 14)], "at least 4 pairs"),
        ([(12, 370), (641, 365), (420, 120), (200, 118)], [(1, 2), (9, 2), (8, 14), (2, 14)], "outside the picture"),
    ],
)
def test_pairs_that_tell_no_floor_are_refused_with_the_reason(points_px: list, points_m: list, reason: str) -> None:
    with pytest.raises(BadSite, match=reason):
        calibrated(points_px, points_m, 640, 384)


def test_a_singular_homography_is_refused_in_any_unit() -> None:
    flat = np.array([[1, 2, 3], [2, 4, 6], [0.1, 0, 1.0]])
    for scale in (1e-3, 1.0, 1e3):
        with pytest.raises(BadSite, match="invertible"):
            with_homography(np.diag([scale, scale, 1]) @ flat)
    with_homography(np.diag([1e-3, 1e-3, 1]) @ VIEW.calibration().matrix)


def test_where_the_camera_hangs_and_how_high_people_are_follows_from_the_floor() -> None:
    calibration = VIEW.calibration()
    hung = pose(calibration, 640, 384)
    assert hung is not None
    assert hung.eye_m == pytest.approx([3, 4, 5], abs=0.01)
    assert hung.focal_px == pytest.approx(380, rel=0.002)
    assert hung.tilt_deg == pytest.approx(33, abs=0.1)
    feet = np.array([[6, 7], [9, 9], [12, 12.0]])
    low, _ = VIEW.project(np.column_stack([feet, np.zeros(3)]))
    high, _ = VIEW.project(np.column_stack([feet, [1.5, 1.7, 1.9]]))
    boxes = np.column_stack([low[:, 0] - 9, high[:, 1], low[:, 0] + 9, low[:, 1]])
    assert heights_m(hung, calibration, boxes) == pytest.approx([1.5, 1.7, 1.9], abs=0.01)


def test_a_view_straight_down_tells_no_pose() -> None:
    down = with_homography(np.array([[0.01, 0, -3], [0, -0.01, 2], [0, 0, 1.0]]))
    assert pose(down, 640, 384) is None
