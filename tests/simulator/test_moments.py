import numpy as np

from pipelines.simulator.moments import HallSize, open_hall

SMALL = HallSize(cameras=2, people=4, seconds=3)


def test_a_hall_is_seen_once_a_second_by_each_camera_and_the_same_again() -> None:
    moments = list(open_hall((5, 0), SMALL, light=0.05).moments(1))
    assert [moment.second for moment in moments] == [0, 1, 2]
    for moment, again in zip(moments, open_hall((5, 0), SMALL, light=0.05).moments(1), strict=True):
        assert moment.bgr.shape == (384, 640, 3)
        assert (moment.bgr == again.bgr).all()
        assert len(moment.people) == len(moment.boxes_px) == len(moment.visible)


def test_other_light_changes_the_pictures_and_nothing_else() -> None:
    usual, other = (open_hall((5, 0), SMALL, light=light) for light in (0.05, 0.3))
    assert usual.looks == other.looks
    for one, another in zip(usual.moments(0), other.moments(0), strict=True):
        np.testing.assert_array_equal(one.boxes_px, another.boxes_px)
        assert abs(one.bgr.mean() - another.bgr.mean()) > 1
