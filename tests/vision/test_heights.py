import numpy as np
import pytest

from models.vision.tracker.heights import relative_height, tallness
from pipelines.simulator.view import View

VIEW = View(0.0, 0.0, 4.5, np.radians(90), np.radians(32), 380.0)


def looked_at(height_m: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Places before a tilted camera, and how tall people of such heights look there, px."""
    xy_m = np.column_stack([random.uniform(-5, 5, len(height_m)), random.uniform(5, 22, len(height_m))])
    feet, heads = (VIEW.project(np.column_stack([xy_m, z]))[0] for z in (np.zeros(len(xy_m)), height_m))
    return xy_m, feet[:, 1] - heads[:, 1]


def test_a_height_is_known_wherever_somebody_stands_before_a_tilted_camera() -> None:
    random = np.random.default_rng(1)
    height_m = random.choice([1.55, 1.7, 1.85], 300)
    xy_m, height_px = looked_at(height_m, random)
    found = relative_height(height_px, xy_m)
    for height in (1.55, 1.7, 1.85):
        assert found[height_m == height] == pytest.approx(height / 1.7, abs=0.04)


def test_boxes_of_half_a_person_do_not_change_what_is_usual() -> None:
    random = np.random.default_rng(2)
    xy_m, height_px = looked_at(np.full(100, 1.7), random)
    height_px[:10] *= 0.4
    assert relative_height(height_px, xy_m)[10:] == pytest.approx(1.0, abs=0.03)
    assert tallness(relative_height(height_px, xy_m))[:10] == pytest.approx(-0.5)


def test_nobody_has_no_height() -> None:
    assert relative_height(np.zeros(0), np.zeros((0, 2))).shape == (0,)
