"""Tracks that are one person followed by turns, and people who stand together."""

import numpy as np
import pytest

from models.vision.tracker import linking
from models.vision.tracker.identity import Variances
from models.vision.tracker.placing import Placed
from models.vision.tracker.sweeps import NONE, Links
from pipelines.association.tracklets import Indices
from pipelines.association.twins import unite_twins

STEPS = 30
DIFFER = Variances(np.array([1.0]), np.array([0.01]))


def links_of(seen: list[tuple[int, float, float]], tracks: list[list[int]]) -> Links:
    """Detections (time s, x m, look) linked into tracks, by number."""
    time_s, x_m, look = (np.array(column, dtype=np.float64) for column in zip(*seen, strict=True))
    times_s, sample = np.unique(time_s, return_inverse=True)
    count = len(seen)
    placed = Placed(
        row=np.arange(count),
        sample=sample,
        times_s=times_s,
        starts=np.searchsorted(sample, np.arange(len(times_s) + 1)),
        time_s=time_s,
        xy_m=np.column_stack([x_m, np.zeros(count)]),
        noise_m2=np.tile(0.04 * np.eye(2), (count, 1, 1)),
        spread_m=np.full(count, 0.2),
        strength=np.ones(count),
    )
    links = Links(linking.scene(placed, look[:, None], 100.0, times_s).knowing(DIFFER))
    for track in tracks:
        links.chain(np.array(track))
    links.renew()
    return links


def by_turns(apart_m: float, looks: tuple[float, float], together: Indices | None = None) -> Links:
    """One track is seen at even and one at odd times, the second so far off; at times `together` both are."""
    seen: list[tuple[int, float, float]] = []
    tracks: list[list[int]] = [[], []]
    for step in range(STEPS):
        for who in (0, 1):
            if step % 2 == who or (together is not None and step in together):
                tracks[who].append(len(seen))
                seen.append((step, who * apart_m, looks[who]))
    return links_of(seen, tracks)


def test_two_tracks_that_take_turns_at_one_place_become_one() -> None:
    links = by_turns(0.1, (0.5, 0.5))
    unite_twins(links)
    assert len(np.unique(links.tracks())) == 1
    assert links.after.tolist() == [*range(1, STEPS), NONE]
    assert links.past.count[-1] == STEPS, "beliefs are those of the joined track"


@pytest.mark.parametrize(
    ("apart_m", "looks", "together"),
    [(0.1, (0.9, -0.9), None), (0.1, (0.5, 0.5), np.array([14])), (1.5, (0.5, 0.5), None)],
    ids=["who looks like two", "who is once seen beside another", "who is elsewhere"],
)
def test_two_people_stay_two(apart_m: float, looks: tuple[float, float], together: Indices | None) -> None:
    links = by_turns(apart_m, looks, together)
    unite_twins(links)
    assert len(np.unique(links.tracks())) == 2


def test_three_tracks_of_one_person_become_one() -> None:
    seen = [(step, 0.0, 0.5) for step in range(STEPS)]
    links = links_of(seen, [[step for step in range(STEPS) if step % 3 == turn] for turn in range(3)])
    unite_twins(links)
    assert len(np.unique(links.tracks())) == 1


def test_who_follows_another_without_a_turn_stays_another() -> None:
    seen = [(step, 0.1, 0.5) for step in range(STEPS)]
    links = links_of(seen, [list(range(15)), list(range(15, STEPS))])
    unite_twins(links)
    assert len(np.unique(links.tracks())) == 2
