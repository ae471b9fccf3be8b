"""Which sightings of one moment are one person: people whom several cameras see, some of them very near to each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.vision.tracker import identity
from models.vision.tracker.identity import Variances
from pipelines.association.clusters import Sums, joining, parted
from pipelines.association.fusing import fuse
from pipelines.association.tracklets import Floats, Indices, Sightings

ERROR_M, CAMERAS, ROOM_M2 = 0.2, 7, 20.0
NOTHING = identity.nobody_differs(0)


def moment(places_m: Floats, random: np.random.Generator, looks: Floats | None = None) -> tuple[Sightings, Indices]:
    """Everybody, at `places_m` (n, 2), as each camera sees them, and who is who; `looks` (n, c) with errors of 0.1."""
    who = np.tile(np.arange(len(places_m)), CAMERAS)
    known = np.zeros((len(who), 0)) if looks is None else looks[who] + random.normal(0, 0.1, (len(who), looks.shape[1]))
    seen = Sightings(
        tracklet=np.arange(len(who)),
        camera=np.repeat(np.arange(CAMERAS), len(places_m)),
        tick=np.zeros(len(who), dtype=np.int64),
        xy_m=places_m[who] + random.normal(0, ERROR_M, (len(who), 2)),
        noise_m2=np.tile(ERROR_M**2 * np.eye(2), (len(who), 1, 1)),
        strength=np.ones(len(who)),
        log_room=np.full(len(who), np.log(ROOM_M2)),
        looks=known,
    )
    return seen, who


def rightly_together(label: Indices, who: Indices) -> float:
    """The share of pairs of sightings of which is said rightly whether they are one person."""
    one, other = np.triu_indices(len(who), 1)
    return float(np.mean((label[one] == label[other]) == (who[one] == who[other])))


def merged_nearest_first(seen: Sightings) -> Indices:
    """What merging the likeliest pair of clusters again and again makes of the sightings."""
    label, alone = np.arange(len(seen)), Sums.of(seen, CAMERAS)
    while True:
        numbers = np.unique(label)
        best, pair = 0.0, None
        for position, one in enumerate(numbers):
            for other in numbers[position + 1 :]:
                if np.intersect1d(seen.camera[label == one], seen.camera[label == other]).size:
                    continue
                both = (alone.take(np.flatnonzero(label == number)) for number in (one, other))
                sums = [Sums(*(column.sum(axis=0, keepdims=True) for column in own)) for own in both]
                gain = float(joining(*sums, NOTHING)[0])
                if gain > best:
                    best, pair = gain, (one, other)
        if pair is None:
            return label
        label[label == pair[1]] = pair[0]


def test_two_people_half_a_metre_apart_stay_two_whose_sightings_are_told_apart() -> None:
    random = np.random.default_rng(3)
    moments = [moment(np.array([[0.0, 0.0], [0.5, 0.0]]), random) for _ in range(40)]
    labels = [parted(seen, NOTHING)[0] for seen, _ in moments]
    right = [rightly_together(label, who) for label, (_, who) in zip(labels, moments, strict=True)]
    assert np.mean(right) > 0.91, "a camera mixes them up with a probability of .04, so that .923 can be had"
    assert np.mean([len(np.unique(label)) == 2 for label in labels]) > 0.9


def test_looks_tell_apart_whom_places_do_not() -> None:
    random = np.random.default_rng(4)
    looks, variances = np.array([[-1.0], [1.0]]), Variances(np.array([1.0]), np.array([0.01]))
    right = [
        rightly_together(parted(seen, variances)[0], who)
        for seen, who in (moment(np.array([[0.0, 0.0], [0.2, 0.0]]), random, looks) for _ in range(20))
    ]
    assert min(right) == 1.0


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.floats(0.3, 1.2))
def test_no_parting_is_less_likely_than_that_which_merging_nearest_first_gives(seed: int, apart_m: float) -> None:
    seen, _ = moment(np.array([[0.0, 0.0], [apart_m, 0.0], [0.0, apart_m]]), np.random.default_rng(seed))
    label, scores = parted(seen, NOTHING)
    start = np.unique(merged_nearest_first(seen), return_inverse=True)[1]
    alone = Sums.of(seen, CAMERAS)
    merged = 0.0
    for number in range(start.max() + 1):
        own = alone.take(np.flatnonzero(start == number))
        so_far = Sums(*(np.cumsum(column, axis=0) for column in own))
        merged += float(joining(so_far.take(slice(0, -1)), own.take(slice(1, None)), NOTHING).sum())
    assert scores.sum() >= merged - 1e-9
    assert all(len(np.unique(seen.camera[label == one])) == (label == one).sum() for one in np.unique(label))


def test_a_camera_sees_nobody_twice() -> None:
    seen, _ = moment(np.array([[0.0, 0.0], [0.05, 0.0]]), np.random.default_rng(5))
    label, _ = parted(seen, NOTHING)
    assert sorted(np.bincount(label)) == [CAMERAS, CAMERAS]


def test_the_place_of_a_cluster_is_the_mean_of_its_sightings_as_sure_as_all_of_them() -> None:
    seen, _ = moment(np.array([[3.0, 4.0]]), np.random.default_rng(6))
    fused = fuse(seen, NOTHING)
    assert len(fused) == 1
    assert fused.xy_m[0] == pytest.approx(seen.xy_m.mean(axis=0))
    assert fused.noise_m2[0] == pytest.approx(ERROR_M**2 / CAMERAS * np.eye(2))
    assert fused.score[0] > 0
