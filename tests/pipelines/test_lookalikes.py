import numpy as np
import pytest

from models.vision.tracker.identity import Variances
from pipelines.association.lookalikes import alike_for_all
from pipelines.association.visits import Visits

LOOKS = np.array([2.0, -1.0, 1.0, 0.5])
VARIANCES = Variances(np.full(4, 1.0), np.full(4, 0.05))
HEADS, TAILS = np.array([0, 0]), np.array([1, 2])
ALIKE, DRAWN = np.array([10.0, 2.0]), np.array([0])


def visits(second_s: float, looks: np.ndarray) -> Visits:
    """Somebody leaves; somebody of the same looks comes a minute later, and another with `looks` at `second_s`."""
    nowhere = np.zeros(3, dtype=np.int64)
    start_s = np.array([0.0, 70.0, second_s])
    return Visits(
        start_s, start_s + 10, nowhere, nowhere, np.stack([LOOKS, LOOKS, looks]), nowhere[:1], np.zeros((1, 2))
    )


@pytest.mark.parametrize(
    ("second_s", "looks", "told"),
    [
        pytest.param(75.0, LOOKS, 9.0, id="two in one uniform, side by side"),
        pytest.param(75.0, -LOOKS, 2.0, id="two who look otherwise"),
        pytest.param(95.0, LOOKS, 2.0, id="never seen at one time, so perhaps one"),
    ],
)
def test_the_looks_of_one_speak_for_another_who_is_surely_somebody_else_and_dressed_alike(
    second_s: float, looks: np.ndarray, told: float
) -> None:
    chain = np.array([0, 0, 2])
    found = alike_for_all(visits(second_s, looks), VARIANCES, chain, HEADS, TAILS, ALIKE, DRAWN)
    assert found[0] == ALIKE[0]
    assert found[1] >= told if told > 2 else found[1] == pytest.approx(told, abs=0.01)


def test_a_chain_is_somebody_else_if_any_of_its_visits_is_beside_one_of_the_other() -> None:
    seen = visits(95.0, LOOKS)
    beside = Visits(
        np.append(seen.start_s, 96.0),
        np.append(seen.end_s, 99.0),
        *(np.append(one, 0) for one in (seen.first_camera, seen.last_camera)),
        np.vstack([seen.looks, LOOKS]),
        seen.floor,
        seen.xy_m,
    )
    found = alike_for_all(beside, VARIANCES, np.array([0, 0, 2, 0]), HEADS, TAILS, ALIKE, DRAWN)
    assert found[1] > 9
