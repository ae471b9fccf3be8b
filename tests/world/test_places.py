import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.world.errors import BadSite
from models.world.places import (
    CELL_M,
    Calibration,
    Georeference,
    calibrate,
    cells_of,
    grid_cell,
    grid_ids,
    inside,
    with_homography,
)

PICTURE = [(12.0, 370.0), (610.0, 365.0), (420.0, 120.0), (200.0, 118.0)]
FLOOR = [(1.0, 2.0), (9.0, 2.1), (8.0, 14.0), (2.0, 14.2)]
metres = st.floats(-500, 500, allow_subnormal=False)


@pytest.fixture
def calibration() -> Calibration:
    return calibrate(PICTURE, FLOOR)


def test_a_calibration_reproduces_its_points(calibration: Calibration) -> None:
    np.testing.assert_allclose(calibration.to_floor(np.array(PICTURE)), FLOOR, atol=1e-6)
    np.testing.assert_allclose(calibration.to_picture(np.array(FLOOR)), PICTURE, atol=1e-4)


def test_the_jacobian_is_the_slope_of_the_mapping(calibration: Calibration) -> None:
    foot, step = np.array([[300.0, 250.0]]), 1e-4
    slopes = [
        (calibration.to_floor(foot + d) - calibration.to_floor(foot - d))[0] / (2 * step) for d in step * np.eye(2)
    ]
    np.testing.assert_allclose(calibration.jacobian(foot)[0], np.array(slopes).T, rtol=1e-5, atol=1e-8)


def test_a_foot_above_the_horizon_has_no_place_on_the_floor(calibration: Calibration) -> None:
    assert np.isnan(calibration.to_floor(np.array([[300.0, -2000.0]]))).all()


def test_a_sign_change_of_the_homography_changes_nothing() -> None:
    matrix = calibrate(PICTURE, FLOOR).matrix
    feet = np.array([[300.0, 300.0]])
    np.testing.assert_allclose(with_homography(-3 * matrix).to_floor(feet), with_homography(matrix).to_floor(feet))


@pytest.mark.parametrize(
    ("points_px", "points_m", "reason"),
    [
        (PICTURE[:3], FLOOR[:3], "at least 4 pairs"),
        ([(0, 0), (1, 1), (2, 2), (3, 3)], FLOOR, "points_px of the calibration lie on one line"),
        (PICTURE, [(0, 0), (2, 0), (4, 0), (9, 0)], "points_m of the calibration lie on one line"),
        ([*PICTURE, (300, 200)], [*FLOOR, (40, 40)], "misses its points"),
    ],
)
def test_an_unusable_calibration_is_refused_with_its_reason(points_px: list, points_m: list, reason: str) -> None:
    with pytest.raises(BadSite, match=reason):
        calibrate(points_px, points_m)


def test_a_homography_that_cannot_be_inverted_is_refused() -> None:
    with pytest.raises(BadSite, match="invertible"):
        with_homography(np.ones((3, 3)))


@given(st.integers(-128, 127), metres, metres)
def test_a_position_lies_in_its_grid_cell(floor: int, x: float, y: float) -> None:
    found_floor, left, bottom = grid_cell(int(grid_ids(floor, np.array([[x, y]]))[0]))
    assert found_floor == floor
    assert left <= x < left + CELL_M
    assert bottom <= y < bottom + CELL_M


def test_a_section_has_the_cells_whose_centre_it_holds() -> None:
    cells = cells_of(0, ((0, 0), (6, 0), (6, 4), (0, 4)))
    assert sorted(grid_cell(int(cell))[1:] for cell in cells) == [(x, y) for x in (0.0, 2.0, 4.0) for y in (0.0, 2.0)]


def test_the_hollow_of_an_l_shaped_section_is_outside() -> None:
    corner = ((0, 0), (4, 0), (4, 2), (2, 2), (2, 4), (0, 4))
    assert inside(corner, np.array([[1, 1], [3, 1], [1, 3], [3, 3]])).tolist() == [True, True, True, False]


def test_a_turned_plan_lies_on_earth_as_it_should() -> None:
    place = Georeference(lon=13.0, lat=60.0, rotation_deg=90.0)
    lon, lat = place.to_lonlat(np.array([[111.195, 0.0]]))[0]
    assert lon == pytest.approx(13.0)
    assert lat == pytest.approx(60.001, abs=1e-7)


@pytest.mark.parametrize(("floor", "x"), [(128, 0.0), (-129, 0.0), (0, 4096.0), (0, -4096.5), (0, np.nan)])
def test_the_grid_ends_where_its_numbers_would_be_those_of_other_cells(floor: int, x: float) -> None:
    with pytest.raises(ValueError, match="outside"):
        grid_ids(floor, np.array([[0.0, 0.0], [x, 0.0]]))
