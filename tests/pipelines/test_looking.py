from dataclasses import replace

import numpy as np
import pytest

from models.vision.tracker import DetectionTable
from models.world.places import Camera
from pipelines.looking import Looks, Rate
from tests.vision.walks import CAMERA, PICTURE, seen, straight, table, taken

SAMPLES = 13
CAMERA_OF_WALKS = Camera("cam", 0, *PICTURE, 25.0, 1.0, CAMERA)


def looked(detections: DetectionTable, stride: int, empty_stride: int | None = None) -> list[int]:
    """Which of the samples are looked at until nothing is in doubt, where looking shows `detections`."""
    looks = Looks(np.arange(SAMPLES, dtype=float), stride, empty_stride or stride)
    chosen, times = looks.first(), 0
    while len(chosen):
        times += 1
        shown = np.flatnonzero(np.isin(detections.taken_at_s, looks.times_s))
        chosen = looks.closer(taken(detections, shown), CAMERA_OF_WALKS)
        assert times <= SAMPLES
    return np.flatnonzero(np.isin(np.arange(SAMPLES), looks.times_s)).tolist()


def test_an_empty_scene_is_looked_at_seldom_and_to_its_end() -> None:
    assert looked(table([]), 2) == [0, 2, 4, 6, 8, 10, 12]
    assert looked(table([]), 5) == [0, 5, 10, 12]


def test_where_nobody_is_it_is_looked_at_less_often_than_where_somebody_is() -> None:
    one = seen([straight((5, 3), (5, 11), SAMPLES)])
    assert looked(table([]), 2, 4) == [0, 4, 8, 12]
    assert set(looked(one, 2, 4)) >= {0, 2, 4, 6, 8, 10, 12}
    late = taken(one, np.flatnonzero(one.taken_at_s >= 8))
    assert set(looked(late, 2, 4)) & set(range(4)) == {0}
    assert set(looked(late, 2, 4)) >= {4, 6, 8, 10, 12}


def test_what_is_hardly_anybody_is_nobody() -> None:
    one = seen([straight((5, 3), (5, 11), SAMPLES)])
    assert looked(replace(one, confidence=np.full_like(one.confidence, 0.15)), 2, 4) == [0, 4, 8, 12]


def test_between_pictures_in_doubt_there_is_another_look() -> None:
    crossing = [straight((2, 2), (8, 12), SAMPLES), straight((8, 2), (2, 12), SAMPLES)]
    chosen = looked(seen(crossing), 2)
    assert set(chosen) >= {0, 2, 4, 6, 8, 10, 12}
    assert set(chosen) & {5, 7}
    assert not set(chosen) & {1, 11}


def test_doubt_goes_down_to_the_full_rate() -> None:
    crossing = [straight((2, 2), (8, 12), SAMPLES), straight((8, 2), (2, 12), SAMPLES)]
    assert set(looked(seen(crossing), 4)) & {5, 7}


def test_a_stride_of_one_looks_at_everything_at_once() -> None:
    assert len(Looks(np.arange(5.0), 1, 1).first()) == 5


@pytest.mark.parametrize(
    ("rate", "strides", "name"),
    [
        (Rate(1.0, 2.0, 4.0), (2, 4), "0.25-1fps"),
        (Rate(1.0, 2.0, 2.0), (2, 2), "0.5-1fps"),
        (Rate(1.0, 1.0, 1.0), (1, 1), "1fps"),
        (Rate(2.0, 2.0, 10.0), (4, 16), "0.125-2fps"),
        (Rate(1.0, 0.5, 0.5), (1, 1), "1fps"),
        (Rate(1.0, 3.0, 2.0), (3, 3), "0.333-1fps"),
    ],
)
def test_a_rate_has_strides_and_a_name(rate: Rate, strides: tuple[int, int], name: str) -> None:
    assert (rate.stride, rate.empty_stride, str(rate)) == (*strides, name)
