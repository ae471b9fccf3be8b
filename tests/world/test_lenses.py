import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.world.lenses import STRONGEST, WEAKEST, Lens
from models.world.places import fit

LENSES = st.builds(Lens, st.floats(WEAKEST, STRONGEST), st.just(640), st.just(384))
POINTS = st.tuples(st.floats(0, 640), st.floats(0, 384))


@given(LENSES, POINTS)
def test_bending_undoes_straightening(lens: Lens, point: tuple[float, float]) -> None:
    given_px = np.array([point])
    np.testing.assert_allclose(lens.bend(lens.straighten(given_px)), given_px, atol=1e-6)


def test_a_barrel_draws_the_corners_in_and_leaves_the_middle() -> None:
    lens = Lens(-0.2, 640, 384)
    middle, corner = lens.straighten(np.array([[320.0, 192.0], [640.0, 384.0]]))
    assert middle.tolist() == [320, 192]
    assert corner == pytest.approx([320 + 320 / 0.8, 192 + 192 / 0.8])


def test_what_no_lens_can_show_has_no_place_in_the_picture() -> None:
    assert np.isnan(Lens(0.5, 640, 384).bend(np.array([[5000.0, 192.0]]))).all()


def test_the_jacobian_is_the_slope_of_the_mapping_through_the_lens() -> None:
    points = [(12.0, 370.0), (610.0, 365.0), (420.0, 120.0), (200.0, 118.0)]
    calibration = fit(points, [(1.0, 2.0), (9.0, 2.1), (8.0, 14.0), (2.0, 14.2)], Lens(-0.15, 640, 384))
    foot, step = np.array([[500.0, 300.0]]), 1e-4
    slopes = [
        (calibration.to_floor(foot + d) - calibration.to_floor(foot - d))[0] / (2 * step) for d in step * np.eye(2)
    ]
    np.testing.assert_allclose(calibration.jacobian(foot)[0], np.array(slopes).T, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(calibration.to_picture(calibration.to_floor(foot)), foot, atol=1e-6)
