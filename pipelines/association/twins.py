"""Two tracks of one person who is followed by turns: what stands still before one camera comes apart by chance differences of looks.

Each picture goes to the track that it looks more like, and from then on each track keeps its own: no change of a single link would
mend that. But two people who are near each other are seen together at most moments, and these never are.
"""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from models.vision.tracker import identity
from models.vision.tracker.sweeps import Links
from pipelines.association.pairs import groups
from pipelines.association.tracklets import Floats, Indices

NEAR_M = 1.0
"""A person's place moves by less, from one picture to the next, while they stand."""
FEWEST_TURNS = 3
"""So many times at least one track must go on where the other was a moment before."""


def unite_twins(links: Links) -> None:
    """Make one track of any two that take turns, are never seen at one moment, and do not look like two people; most turns first."""
    track = links.tracks()
    rows = {int(track[own[0]]): own for own in groups(track)}
    united: dict[int, int] = {}
    for one, other in _taking_turns(links, track):
        first, second = (_united(united, number) for number in (one, other))
        if first != second and _may_be_one(links, rows[first], rows[second]):
            rows[first] = np.sort(np.concatenate([rows[first], rows.pop(second)]))
            united[second] = first
            links.chain(rows[first])
    links.renew()


def _united(united: Mapping[int, int], track: int) -> int:
    while track in united:
        track = united[track]
    return track


def _taking_turns(links: Links, track: Indices) -> list[tuple[int, int]]:
    """Pairs of tracks with so many turns, most first: one is seen near where the other was seen a sample before."""
    placed, turns = links.scene.placed, defaultdict[tuple[int, int], int](int)
    for sample in range(len(placed.times_s) - 1):
        earlier = np.arange(placed.starts[sample], placed.starts[sample + 1])
        later = np.arange(placed.starts[sample + 1], placed.starts[sample + 2])
        away_m = np.linalg.norm(placed.xy_m[earlier][:, None] - placed.xy_m[later][None, :], axis=2)
        one, other = np.nonzero((away_m < NEAR_M) & (track[earlier][:, None] != track[later][None, :]))
        for pair in np.sort(np.column_stack([track[earlier[one]], track[later[other]]]), axis=1).tolist():
            turns[pair[0], pair[1]] += 1
    return sorted(
        (pair for pair, count in turns.items() if count >= FEWEST_TURNS), key=lambda pair: (-turns[pair], pair)
    )


def _may_be_one(links: Links, some: Indices, others: Indices) -> bool:
    """Whether two tracks are never seen at one sample, are near each other while both last, and look no more like two people than like one."""
    scene = links.scene
    if np.intersect1d(scene.placed.sample[some], scene.placed.sample[others]).size:
        return False
    cues = [scene.cues[own].sum(axis=0, keepdims=True) for own in (some, others)]
    counts = [np.array([float(len(own))]) for own in (some, others)]
    alike = identity.score(scene.variances, (cues[0], cues[1]), (counts[0], counts[1]))[0]
    return bool(alike >= 0 and _apart_m(links, some, others) < NEAR_M)


def _apart_m(links: Links, some: Indices, others: Indices) -> float:
    """The median distance of the shorter track's places from the way of the other, while that lasts; infinite if they are never both there."""
    placed = links.scene.placed
    longer, shorter = sorted((some, others), key=len, reverse=True)
    inside = shorter[
        (placed.time_s[shorter] > placed.time_s[longer[0]]) & (placed.time_s[shorter] < placed.time_s[longer[-1]])
    ]
    if not len(inside):
        return float("inf")
    way: list[Floats] = [
        np.interp(placed.time_s[inside], placed.time_s[longer], axis) for axis in placed.xy_m[longer].T
    ]
    return float(np.median(np.linalg.norm(placed.xy_m[inside] - np.column_stack(way), axis=1)))
