import numpy as np
import pytest

from pipelines.simulator.detections.boxes import WIDTH, boxes_px, covered, heights_px
from pipelines.simulator.view import View

VIEW = View(0.0, 0.0, 4.0, 0.0, 0.4, 380.0)
TALL = np.full(3, 1.7)


def test_a_box_stands_on_the_feet_and_reaches_to_the_head() -> None:
    xy_m = np.array([[6.0, 0.0], [12.0, 2.0], [9.0, -1.0]])
    feet, heads = (VIEW.project(np.column_stack([xy_m, z]))[0] for z in (0 * TALL, TALL))
    left, top, right, bottom = boxes_px(xy_m, heights_px(xy_m, TALL, VIEW), VIEW).T
    assert bottom == pytest.approx(feet[:, 1])
    assert top == pytest.approx(heads[:, 1])
    assert (left + right) / 2 == pytest.approx(feet[:, 0])
    assert right - left == pytest.approx(WIDTH * (bottom - top))


def test_who_is_nearer_hides_who_is_behind_and_not_the_other_way() -> None:
    xy_m = np.array([[8.0, 0.0], [8.6, 0.0], [8.6, 3.0]])
    front, behind, aside = covered(np.zeros(3, dtype=int), xy_m, TALL, VIEW)
    assert front == aside == 0
    assert 0.6 < behind < 0.95


def test_nobody_hides_anybody_in_another_picture() -> None:
    xy_m = np.array([[8.0, 0.0], [8.6, 0.0], [8.6, 0.0]])
    assert (covered(np.array([0, 1, 2]), xy_m, TALL, VIEW) == 0).all()
