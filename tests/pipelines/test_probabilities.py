"""How probable links are, against all ways to link that there are."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.association.pairs import best_links
from pipelines.association.probabilities import probabilities


def by_counting(gains: np.ndarray) -> np.ndarray:
    """The probability of each link between n ends and n beginnings, (n, n), over all sets of links."""
    count = len(gains)
    weight, share, total = np.exp(gains), np.zeros(gains.shape), 0.0
    for ends in itertools.product(range(count + 1), repeat=count):
        linked = [(one, other) for one, other in enumerate(ends) if other < count]
        if len({other for _, other in linked}) == len(linked):
            likely = np.prod([weight[link] for link in linked])
            total += likely
            for link in linked:
                share[link] += likely
    return share / total


def of_the_best(gains: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities of the best links, as found and as counted."""
    one, other = np.indices(gains.shape).reshape(2, -1)
    chosen = best_links(*gains.shape, one, other, gains.ravel())
    return probabilities(one, other, gains.ravel(), chosen), by_counting(gains).ravel()[chosen]


def tables(size: int) -> st.SearchStrategy[np.ndarray]:
    numbers = st.lists(st.floats(-6, 12), min_size=size**2, max_size=size**2)
    return numbers.map(lambda gains: np.array(gains).reshape(size, size))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(tables(2))
def test_of_two_and_two_they_are_those_of_all_sets_of_links_or_a_little_less(gains: np.ndarray) -> None:
    found, counted = of_the_best(gains)
    assert (found <= counted + 1e-9).all()
    assert found == pytest.approx(counted, abs=0.17)


def test_of_three_and_three_they_are_mostly_near() -> None:
    random = np.random.default_rng(0)
    pairs = [of_the_best(random.uniform(-6, 12, (3, 3))) for _ in range(300)]
    off = np.concatenate([found - counted for found, counted in pairs])
    assert np.quantile(np.abs(off), 0.9) < 0.1
    assert abs(off.mean()) < 0.02


@pytest.mark.parametrize("gains", [[[8, 8], [8, 8]], [[20, 20], [20, 20]], [[20, 18], [18, 16]]])
def test_two_who_can_be_exchanged_are_linked_either_way(gains: list[list[float]]) -> None:
    found, _ = of_the_best(np.array(gains, dtype=float))
    assert found == pytest.approx([0.5, 0.5], abs=0.01)


@given(st.floats(0.1, 40))
@settings(derandomize=True)
def test_a_single_link_is_as_probable_as_its_gain_says(gain: float) -> None:
    found, _ = of_the_best(np.array([[gain]]))
    assert found == pytest.approx([1 / (1 + np.exp(-gain))])


def test_what_cannot_be_speaks_against_nothing() -> None:
    found, _ = of_the_best(np.array([[5.0, -np.inf, 1.0], [-np.inf, 5.0, -np.inf], [-np.inf, -np.inf, -np.inf]]))
    assert found == pytest.approx([1 / (1 + np.exp(-5.0) * (1 + np.exp(1.0))), 1 / (1 + np.exp(-5.0))])


def test_of_nothing_there_is_nothing() -> None:
    nothing = np.zeros(0, dtype=np.intp)
    assert len(probabilities(nothing, nothing, np.zeros(0), nothing)) == 0
