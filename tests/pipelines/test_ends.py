"""Paths go on beyond the first and the last sight, by less than a step between pictures."""

import uuid
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from models.world.paths import Path
from pipelines.association.ends import paths
from pipelines.association.stays import Stay
from pipelines.association.tracklets import Tracklet

HOUR_S = 1_796_000_400.0
SPEED_M_S = 1.2


def seen_every(step_s: float, first_s: float, last_s: float) -> Stay:
    """Somebody who walks along x, seen every `step_s`, with a place each second."""
    times_s = np.arange(first_s, last_s + 0.5)
    moments_s = np.arange(first_s, last_s + step_s / 2, step_s)
    xy_m = np.column_stack([SPEED_M_S * (times_s - first_s), np.full(len(times_s), 3.0)])
    scores = np.zeros(len(moments_s))
    return Stay(0, date(2026, 11, 29), times_s, xy_m, {0: np.arange(len(moments_s))}, scores, scores, moments_s)


def recorded(start_s: float = HOUR_S - 3600, end_s: float = HOUR_S + 3600) -> Tracklet:
    nothing = np.zeros((0, 4), dtype=np.float32)
    columns = (np.zeros(0), nothing, nothing[:, 0], np.zeros((0, 2)), nothing)
    return Tracklet(uuid.UUID(int=1), uuid.UUID(int=2), "cam1", *columns, recorded_s=(start_s, end_s))


def whole(stay: Stay, ordered: list[Tracklet]) -> Path:
    (path,) = paths([stay], ordered)
    return path


@pytest.mark.parametrize("step_s", [1.0, 2.0])
def test_a_walk_is_longer_by_most_of_a_step_between_pictures(step_s: float) -> None:
    path = whole(seen_every(step_s, HOUR_S + 100, HOUR_S + 120), [recorded()])
    assert path.times_s[[0, -1]] - HOUR_S == pytest.approx([100 - 0.4 * step_s, 120 + 0.4 * step_s])
    assert path.length_m == pytest.approx(SPEED_M_S * (20 + 0.8 * step_s))
    assert np.allclose(path.xy_m[:, 1], 3.0)


def test_who_stands_still_goes_on_standing() -> None:
    path = whole(seen_every(2.0, HOUR_S + 100, HOUR_S + 120), [recorded()])
    still = seen_every(2.0, HOUR_S + 100, HOUR_S + 120)
    still = Stay(
        0, still.day, still.times_s, 0 * still.xy_m, still.rows, still.link_gain, still.fuse_score, still.moments_s
    )
    assert len(whole(still, [recorded()]).times_s) == len(path.times_s)
    assert whole(still, [recorded()]).length_m == 0


def test_nobody_was_there_before_the_recording_or_after_it() -> None:
    stay = seen_every(2.0, HOUR_S + 100, HOUR_S + 120)
    path = whole(stay, [recorded(HOUR_S + 100, HOUR_S + 120.3)])
    assert path.times_s[[0, -1]] - HOUR_S == pytest.approx([100, 120.3])


def test_ways_end_at_the_hour() -> None:
    path = whole(seen_every(2.0, HOUR_S + 0.2, HOUR_S + 20.2), [recorded()])
    assert path.times_s[0] == HOUR_S
    path = whole(seen_every(2.0, HOUR_S - 20.2, HOUR_S - 0.2), [recorded()])
    assert path.times_s[-1] == HOUR_S


def test_missed_pictures_do_not_make_a_way_longer() -> None:
    stay = seen_every(1.0, HOUR_S + 100, HOUR_S + 120)
    kept = np.delete(np.arange(21), [1, 2, 18, 19])
    gappy = Stay(
        0, stay.day, stay.times_s, stay.xy_m, {0: np.arange(17)}, np.zeros(17), np.zeros(17), stay.moments_s[kept]
    )
    assert whole(gappy, [recorded()]).times_s[[0, -1]] - HOUR_S == pytest.approx([99.6, 120.4])


def test_two_stays_of_one_person_do_not_overlap() -> None:
    stays = [seen_every(2.0, HOUR_S + 100, HOUR_S + 120), seen_every(2.0, HOUR_S + 121, HOUR_S + 131)]
    before, after = paths(stays, [recorded()])
    assert np.array([before.times_s[-1], after.times_s[0]]) - HOUR_S == pytest.approx([120.4, 120.6])


def test_who_is_missed_for_longer_than_a_picture_or_two_is_unseen_meanwhile() -> None:
    stay = seen_every(1.0, HOUR_S + 100, HOUR_S + 130)
    kept = [*range(6), *range(9, 16), *range(26, 31)]
    moments_s = stay.moments_s[kept]
    gappy = replace(stay, rows={0: np.arange(18)}, link_gain=np.zeros(18), fuse_score=np.zeros(18), moments_s=moments_s)
    path = whole(gappy, [recorded()])
    assert path.unseen_s - HOUR_S == pytest.approx(np.array([[115.4, 125.6]]))
    assert path.length_m == whole(stay, [recorded()]).length_m
