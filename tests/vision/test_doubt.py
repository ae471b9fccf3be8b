import numpy as np

from models.vision.tracker.doubt import doubtful
from tests.vision.walks import CAMERA, PICTURE, seen, straight, table

STEP_S = 2.0
LOOKED_S = np.arange(6) * STEP_S


def in_doubt(*walks: np.ndarray) -> list[bool]:
    return doubtful(seen(list(walks), STEP_S), CAMERA, PICTURE, LOOKED_S).tolist()


def stands(x_m: float, y_m: float) -> np.ndarray:
    return straight((x_m, y_m), (x_m, y_m), len(LOOKED_S))


def test_people_far_apart_are_not_in_doubt() -> None:
    assert not any(in_doubt(straight((1, 4), (9, 4), 6), straight((9, 14), (1, 14), 6)))


def test_nobody_is_not_in_doubt() -> None:
    assert doubtful(table([]), CAMERA, PICTURE, LOOKED_S).tolist() == [False] * 5


def test_one_picture_has_no_gap() -> None:
    assert doubtful(seen([stands(5, 8)[:1]], STEP_S), CAMERA, PICTURE, LOOKED_S[:1]).tolist() == []


def test_two_who_cross_each_others_way_are_in_doubt_while_they_are_close() -> None:
    found = in_doubt(straight((2, 2), (8, 12), 6), straight((8, 2), (2, 12), 6))
    assert found[2]
    assert not found[0]
    assert not found[4]


def test_two_who_pass_each_other_head_on_are_not_in_doubt() -> None:
    assert not any(in_doubt(straight((1, 8), (9, 8.3), 6), straight((9, 8.3), (1, 8), 6)))


def test_who_vanishes_in_the_middle_of_the_picture_is_in_doubt() -> None:
    gone = stands(5, 9)
    gone[3:] = np.nan
    assert in_doubt(gone, stands(1, 2)) == [False, False, True, False, False]


def test_who_appears_in_the_middle_of_the_picture_is_in_doubt() -> None:
    new = stands(5, 9)
    new[:3] = np.nan
    assert in_doubt(new, stands(1, 2)) == [False, False, True, False, False]


def test_who_leaves_at_the_edge_is_not_in_doubt() -> None:
    leaves = straight((4, 2), (11, 2), 6)
    leaves[4:] = np.nan
    assert not any(in_doubt(leaves, stands(2, 3)))
