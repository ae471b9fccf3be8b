import numpy as np
import pytest

from models.vision.detector import Detections
from pipelines.bench_int8 import ROUNDS, WARM_UP, Footage, Form, costs_ms, film, report


class Blind:
    """Sees nobody, and is asked for so many pictures."""

    def __init__(self) -> None:
        self.asked = 0

    def detect(self, pictures):
        for picture in pictures:
            self.asked += 1
            assert picture.size_px == (640, 384)
            yield Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


@pytest.fixture(scope="module")
def footage(tmp_path_factory) -> Footage:
    return film(tmp_path_factory.mktemp("film"), minutes=0.1)


@pytest.mark.parametrize(
    ("ms", "idf1", "judged"),
    [(10.0, 90.0, "met"), (10.0, 89.2, "met"), (10.0, 88.9, "MISSED"), (10.1, 90.0, "MISSED")],
    ids=["fast and right", "a little wrong", "too wrong", "too slow"],
)
def test_int8_must_be_fast_and_right(ms: float, idf1: float, judged: str) -> None:
    assert report(Form(ms, (idf1,)), Form(16.0, (88.0, 92.0))).endswith(f": {judged}\n")


def test_both_forms_see_the_same_pictures(footage: Footage) -> None:
    one, other = Blind(), Blind()
    costs = costs_ms([one, other], footage)
    assert one.asked == other.asked == WARM_UP + ROUNDS * 6
    assert len(costs) == 2


def test_the_film_has_a_truth_on_the_floor(footage: Footage) -> None:
    truth = np.loadtxt(footage.ground_truth, delimiter=",", ndmin=2)
    floor = np.loadtxt(footage.homography)
    feet = np.column_stack([truth[:, 2] + truth[:, 4] / 2, truth[:, 3] + truth[:, 5], np.ones(len(truth))]) @ floor.T
    whole = truth[:, 6] > 0.99
    assert np.median(np.linalg.norm(feet[whole, :2] / feet[whole, 2:] - truth[whole, 7:9], axis=1)) < 0.5
