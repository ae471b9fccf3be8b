"""People who stand before one camera and turn: each is one way, however else they look for a while."""

import numpy as np
import pytest

from pipelines.association.following import followed
from pipelines.association.tracklets import Sightings

PEOPLE, TICKS, TURN_TICKS, AXES = 8, 80, 20, 16


def standing(seed: int) -> Sightings:
    """Everybody at a place of their own, 6 m apart; looks differ by 1 on each axis between people, by 1.5 between the turns of one."""
    random = np.random.default_rng(seed)
    who, tick = np.tile(np.arange(PEOPLE), TICKS), np.repeat(np.arange(TICKS), PEOPLE)
    people = random.normal(0, 1.0, (PEOPLE, AXES))
    turns = random.normal(0, 1.5, (PEOPLE, TICKS // TURN_TICKS, AXES))
    looks = people[who] + turns[who, tick // TURN_TICKS] + random.normal(0, 0.3, (len(who), AXES))
    return Sightings(
        tracklet=np.arange(len(who)),
        camera=np.zeros(len(who), dtype=np.int64),
        tick=tick,
        xy_m=np.column_stack([6.0 * who, np.zeros(len(who))]) + random.normal(0, 0.2, (len(who), 2)),
        noise_m2=np.tile(0.04 * np.eye(2), (len(who), 1, 1)),
        strength=np.full(len(who), 2.0),
        log_room=np.full(len(who), 3.0),
        looks=looks,
    )


@pytest.mark.parametrize("seed", [0, 2])
def test_who_turns_and_looks_otherwise_for_a_while_is_one_person(seed: int) -> None:
    fused, ways = followed(standing(seed), 1.0)
    assert len(fused) == PEOPLE * TICKS
    assert sorted(len(way.fused) for way in ways) == [TICKS] * PEOPLE
