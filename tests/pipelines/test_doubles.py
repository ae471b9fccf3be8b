"""Two ways that take turns are one person; two people side by side are two."""

import numpy as np
import pytest

from models.vision.tracker.identity import Variances
from pipelines.association.doubles import united
from pipelines.association.fusing import Fused
from pipelines.association.tracking import Way

TICKS, START = 24, 1_796_000_400
VARIANCES = Variances(np.array([1.0, 1.0]), np.array([0.1, 0.1]))
RED, BLUE = np.array([1.0, 0.0]), np.array([0.0, 1.0])
EVER = np.arange(TICKS)
TURNS = (EVER // 3) % 2 == 0
"""Three ticks of one, three of the other."""


def ways_of(
    seen: tuple[np.ndarray, np.ndarray], looks: tuple[np.ndarray, np.ndarray], beside_m: float
) -> tuple[list[Way], Fused]:
    """Two ways along x, `beside_m` apart, each with a place a second and seen at some of the ticks."""
    tick, xy_m, faces, ways = [], [], [], []
    for number, (when, face) in enumerate(zip(seen, looks, strict=True)):
        first = sum(len(one) for one in tick)
        tick.append(START + when)
        xy_m.append(np.column_stack([0.5 * when, np.full(len(when), number * beside_m)]))
        faces.append(np.tile(face, (len(when), 1)))
        every = np.arange(when[0], when[-1] + 1)
        line = np.column_stack([0.5 * every, np.full(len(every), number * beside_m)])
        ways.append(Way(np.arange(first, first + len(when)), START + every.astype(float), line, np.zeros(len(when))))
    count = sum(len(one) for one in tick)
    nothing = np.zeros(count)
    fused = Fused(
        *(np.concatenate(tick), np.concatenate(xy_m), np.zeros((count, 2, 2)), nothing, nothing, np.concatenate(faces)),
        np.arange(count),
    )
    return ways, fused


@pytest.mark.parametrize(
    ("seen", "looks", "beside_m", "people"),
    [
        ((EVER[TURNS], EVER[~TURNS]), (RED, RED), 0.5, 1),
        ((EVER[TURNS], EVER[~TURNS]), (RED, BLUE), 0.5, 2),
        ((EVER[TURNS], EVER[~TURNS]), (RED, RED), 2.0, 2),
        ((EVER, EVER), (RED, RED), 0.5, 2),
        ((EVER[:12], EVER[12:]), (RED, RED), 0.5, 2),
    ],
    ids=["turns", "other looks", "far apart", "both seen", "one after the other"],
)
def test_who_takes_turns_with_somebody_alike_at_one_place_is_one(
    seen: tuple[np.ndarray, np.ndarray], looks: tuple[np.ndarray, np.ndarray], beside_m: float, people: int
) -> None:
    ways, fused = ways_of(seen, looks, beside_m)
    assert len(united(ways, fused, VARIANCES)) == people


def test_the_way_of_both_has_all_moments_and_a_place_at_every_tick() -> None:
    ways, fused = ways_of((EVER[TURNS], EVER[~TURNS]), (RED, RED), 0.5)
    (one,) = united(ways, fused, VARIANCES)
    assert (fused.tick[one.fused] - START).tolist() == EVER.tolist()
    assert (one.times_s - START).tolist() == EVER.tolist()
    assert one.xy_m[:, 1].tolist() == [0.0] * 3 + [0.25] * 18 + [0.5] * 3


def test_without_looks_turns_are_enough() -> None:
    ways, fused = ways_of((EVER[TURNS], EVER[~TURNS]), (np.zeros(0), np.zeros(0)), 0.5)
    assert len(united(ways, fused, Variances(np.zeros(0), np.zeros(0)))) == 1


def test_nobody_is_nobody() -> None:
    _, fused = ways_of((EVER, EVER), (RED, RED), 0.5)
    assert united([], fused, VARIANCES) == []
