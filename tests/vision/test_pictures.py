import cv2
import numpy as np
import pytest

from models.vision.pictures import I420, Bgr


@pytest.fixture(scope="module")
def smooth() -> np.ndarray:
    """A picture whose colours change so slowly that codecs lose nothing of them; its height is no multiple of four."""
    y, x = np.mgrid[0:90, 0:160]
    return np.stack([60 + x // 2, 200 - y, 90 + (x + y) // 3], axis=-1).astype(np.uint8)


@pytest.fixture(scope="module")
def planes(smooth) -> I420:
    return I420(cv2.cvtColor(smooth, cv2.COLOR_BGR2YUV_I420).ravel(), (160, 90))


def test_planes_show_the_picture_that_they_were_made_from(smooth, planes):
    assert planes.size_px == Bgr(smooth).size_px == (160, 90)
    assert np.abs(planes.bgr().astype(int) - smooth).max() <= 3


@pytest.mark.parametrize("size", [(64, 36), (160, 90), (320, 180), (55, 31)])
def test_planes_resized_look_like_their_picture_resized(smooth, planes, size):
    small, expected = planes.resized(size), Bgr(smooth).resized(size)
    assert small.shape == expected.shape == (size[1], size[0], 3)
    assert np.abs(small.astype(int) - expected).max() <= 4


@pytest.mark.parametrize(
    ("rows", "columns"), [((10, 30), (20, 60)), ((7, 22), (11, 14)), ((0, 90), (0, 160)), ((89, 90), (159, 160))]
)
def test_a_part_is_what_the_whole_shows_there(planes, rows, columns):
    part = planes.part(slice(*rows), slice(*columns))
    np.testing.assert_array_equal(part, planes.bgr()[slice(*rows), slice(*columns)])
    assert part.base is None


@pytest.mark.parametrize(("rows", "columns"), [((5, 5), (3, 8)), ((2, 9), (160, 160))])
def test_a_part_without_pixels_is_empty(smooth, planes, rows, columns):
    for picture in (planes, Bgr(smooth)):
        part = picture.part(slice(*rows), slice(*columns))
        assert part.size == 0
        assert part.shape == (rows[1] - rows[0], columns[1] - columns[0], 3)
