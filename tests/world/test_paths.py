import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.world.paths import SIMPLIFY_M, Path, cut_at_hours, simplified
from models.world.ways import Ways, sampled

T0 = 1_796_000_400.0  # a full hour


def walk(*points: tuple[float, float, float]) -> Path:
    rows = np.array(points)
    return Path(0, T0 + rows[:, 0], rows[:, 1:])


random_paths = hnp.arrays(np.float64, st.tuples(st.integers(1, 80), st.just(2)), elements=st.floats(-50, 50)).map(
    lambda xy: Path(0, T0 + np.arange(len(xy), dtype=float), xy)
)


def test_length_and_position_follow_the_straight_pieces() -> None:
    path = walk((0, 0, 0), (10, 3, 4), (20, 3, 14))
    assert path.length_m == pytest.approx(15)
    np.testing.assert_allclose(path.at(T0 + np.array([5.0, 15.0])), [[1.5, 2], [3, 9]])
    assert np.isnan(path.at(np.array([T0 - 1, T0 + 21]))).all()


@given(random_paths)
def test_a_simplified_path_is_never_further_off_than_its_tolerance(path: Path) -> None:
    thin = simplified(path)
    assert np.linalg.norm(thin.at(path.times_s) - path.xy_m, axis=1).max() <= SIMPLIFY_M + 1e-9
    assert thin.times_s[0] == path.times_s[0]
    assert thin.times_s[-1] == path.times_s[-1]


def test_a_stop_on_a_straight_line_is_kept() -> None:
    times = np.arange(31.0)
    x = np.clip(times, 0, 10) + np.clip(times - 20, 0, 10)
    thin = simplified(Path(0, T0 + times, np.column_stack([x, np.zeros(31)])))
    assert (thin.times_s - T0).tolist() == [0, 10, 20, 30]


def test_positions_are_stored_at_full_half_minutes_and_at_both_ends() -> None:
    assert (sampled(Ways.of([walk((7, 0, 0), (95, 1, 1))]))[1] - T0).tolist() == [7, 30, 60, 90, 95]
    assert (sampled(Ways.of([walk((30, 0, 0))]))[1] - T0).tolist() == [30]


@given(random_paths, st.floats(0, 3599))
def test_a_path_cut_at_hours_keeps_length_and_both_copies_of_the_cut(path: Path, shift: float) -> None:
    late = Path(0, path.times_s + 3600 - shift, path.xy_m)
    pieces = list(cut_at_hours(late))
    assert sum(piece.length_m for piece in pieces) == pytest.approx(late.length_m)
    for before, after in itertools.pairwise(pieces):
        assert before.times_s[-1] == after.times_s[0]
        assert before.times_s[-1] % 3600 == 0
    assert all(
        np.floor(p.times_s[0] / 3600) == np.floor((p.times_s[-1] - 1e-6) / 3600) for p in pieces if len(p.times_s) > 1
    )


@pytest.mark.parametrize("times", [[0, 0], [1, 0]])
def test_times_that_do_not_rise_are_refused(times: list[float]) -> None:
    with pytest.raises(ValueError, match="rise strictly"):
        Path(0, np.array(times, dtype=float), np.zeros((2, 2)))


def test_a_path_is_told_in_the_parts_in_which_somebody_saw_it() -> None:
    path = replace(walk((0, 0, 0), (10, 10, 0), (20, 10, 10)), unseen_s=T0 + np.array([[4.0, 9.0], [12.0, 14.0]]))
    parts = list(path.seen())
    assert [(part.times_s - T0).tolist() for part in parts] == [[0, 4], [9, 10, 12], [14, 20]]
    assert parts[1].xy_m.tolist() == [[9, 0], [10, 0], [10, 2]]
    assert not any(len(part.unseen_s) for part in parts)
    assert [part.times_s.tolist() for part in walk((0, 0, 0)).seen()] == [[T0]]


def test_who_was_not_seen_is_not_seen_in_a_cut_or_simplified_path_either() -> None:
    path = Path(
        0, T0 + np.array([3590.0, 3610.0]), np.array([[0.0, 0.0], [20.0, 0.0]]), T0 + np.array([[3595.0, 3607.0]])
    )
    before, after = cut_at_hours(path)
    assert (before.unseen_s - T0).tolist() == [[3595, 3600]]
    assert (after.unseen_s - T0).tolist() == [[3600, 3607]]
    assert [len(list(piece.seen())) for piece in (before, after)] == [1, 1]
    assert simplified(path).unseen_s.tolist() == path.unseen_s.tolist()


def test_times_without_sight_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="in order and apart"):
        replace(walk((0, 0, 0), (10, 10, 0)), unseen_s=T0 + np.array([[1.0, 5.0], [4.0, 6.0]]))
