import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.vision.letterbox import PADDING, SHRINK, fit, input_size
from models.vision.pictures import Bgr

SIDES = st.integers(24, 3000)
SIZES = st.tuples(SIDES, SIDES)


@given(SIZES, SIZES, st.booleans(), st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_boxes_come_back_to_where_they_were(picture, into, centred, shares):
    left, right = sorted(shares[:2])
    top, bottom = sorted(shares[2:])
    box = np.array([[left, top, right, bottom]], dtype=np.float32) * np.array(picture * 2, dtype=np.float32)
    letterbox = fit(picture, into, centred=centred)
    np.testing.assert_allclose(letterbox.to_picture(letterbox.to_input(box)), box, atol=2e-3 * max(picture) / 24)


@given(SIZES, SIZES, st.booleans())
def test_the_picture_lies_within_the_input_and_touches_two_of_its_sides(picture, into, centred):
    box = fit(picture, into, centred=centred)
    assert 0 <= box.left <= into[0] - box.inner[0]
    assert 0 <= box.top <= into[1] - box.inner[1]
    assert box.inner[0] == into[0] or box.inner[1] == into[1]


@given(SIZES, st.sampled_from([320, 416, 640]))
def test_the_input_has_whole_strides_and_no_stride_too_many(picture, long_side):
    width, height = input_size(picture, long_side)
    scale = long_side / max(picture)
    assert width % 32 == height % 32 == 0
    for side, own in ((width, picture[0]), (height, picture[1])):
        needed = max(round(own * scale), 1) / (1 + SHRINK)
        assert side - 32 < needed <= side


def test_the_narrowest_picture_gets_a_stride() -> None:
    assert input_size((4000, 1), 640) == (640, 32)


def test_a_marked_pixel_is_found_where_the_letterbox_says():
    picture = np.zeros((60, 200, 3), dtype=np.uint8)
    picture[30:40, 100:120] = 255
    letterbox = fit((200, 60), (320, 320))
    placed = letterbox.place(Bgr(picture))
    rows, columns = np.nonzero(placed[..., 0] > 200)
    found = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], dtype=np.float32)
    np.testing.assert_allclose(letterbox.to_picture(found), [[100, 30, 120, 40]], atol=1.0)
    assert (placed[0] == PADDING).all()


def test_boxes_outside_the_picture_are_cut_at_its_edge():
    letterbox = fit((640, 384), (640, 640))
    assert letterbox.to_picture(np.array([[-50, 0, 900, 640]], dtype=np.float32)).tolist() == [[0, 0, 640, 384]]
