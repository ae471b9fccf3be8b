import numpy as np
import pytest

from models.world.paths import Path
from pipelines.path_scores import score_paths
from pipelines.truth import TruePerson

T0 = 1_796_000_000.0
TIMES = T0 + np.arange(0, 20.01, 0.5)


def walk(offset_m: float, times: np.ndarray = TIMES, floor: int = 0) -> Path:
    return Path(floor, times, np.column_stack([times - T0, np.full(len(times), offset_m)]))


TRUTH = [TruePerson(str(n), (walk(5.0 * n),), TIMES, {}) for n in range(2)]


def test_the_truth_itself_scores_full() -> None:
    scores = score_paths(TRUTH, {"a": [walk(0)], "b": [walk(5)]})
    assert (scores.idf1_1m, scores.persons, scores.true_persons) == (100, 2, 2)


def test_a_path_over_a_metre_away_is_wrong() -> None:
    assert score_paths(TRUTH, {"a": [walk(0.9)], "b": [walk(5)]}).idf1_1m == pytest.approx(100)
    assert score_paths(TRUTH, {"a": [walk(1.1)], "b": [walk(5)]}).idf1_1m == pytest.approx(50)


def test_a_person_in_two_pieces_counts_with_the_longer_one() -> None:
    pieces = {"a": [walk(0, TIMES[:21])], "b": [walk(0, TIMES[21:])], "c": [walk(5)]}
    scores = score_paths(TRUTH, pieces)
    assert scores.persons == 3
    assert scores.idf1_1m == pytest.approx(100 * (21 + 41) / 82)


def test_a_path_on_another_floor_is_wrong() -> None:
    assert score_paths(TRUTH, {"a": [walk(0, floor=1)], "b": [walk(5)]}).idf1_1m == pytest.approx(50)


def test_short_found_paths_and_unseen_times_do_not_count() -> None:
    hidden = [TruePerson("0", (walk(0),), TIMES[:21], {})]
    scores = score_paths(hidden, {"a": [walk(0, TIMES[:21])], "b": [walk(3, TIMES[:9])]})
    assert (scores.idf1_1m, scores.persons) == (100, 1)


def test_an_empty_mall_with_nobody_found_is_right() -> None:
    assert score_paths([], {}).idf1_1m == 100
    assert score_paths([], {"a": [walk(0)]}).idf1_1m == 0
    assert score_paths(TRUTH, {}).idf1_1m == 0
