"""Several cameras see one person at one moment: which sightings are the same person, and where that person is.

At each tick the sightings fall into parts that are far from each other; each part is parted among people (`clusters`). One camera
does not see a person twice, so a cluster holds at most one sighting of a camera.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from models.vision.tracker.identity import Variances
from pipelines.association.clusters import Sums, joining, parted
from pipelines.association.pairs import groups
from pipelines.association.tracklets import Floats, Indices, Ints, Sightings

LEAST_STRENGTH, MOST_STRENGTH = -2.0, 4.0
"""Log odds of a person that one moment may give at the most: moments are alike."""
FARTHEST_M = 6.0
"""Sightings further apart are never compared."""


@dataclass(frozen=True)
class Fused:
    """m people at ticks, ascending: `tick` (m,), `xy_m` (m, 2), `noise_m2` (m, 2, 2), `strength` (m,); `score` (m,) the summed
    log-likelihood ratios of the merges, 0 for a single sighting; `looks` (m, c) the mean. `member` (n,) is the fused row of each
    sighting.
    """

    tick: Ints
    xy_m: Floats
    noise_m2: Floats
    strength: Floats
    score: Floats
    looks: Floats
    member: Indices

    def __len__(self) -> int:
        return len(self.tick)


def fuse(seen: Sightings, variances: Variances) -> Fused:
    """All sightings of one floor, each in exactly one fused row; `variances` of the looks, between people and within one."""
    member = np.zeros(len(seen), dtype=np.intp)
    scores: list[float] = []
    edges = np.flatnonzero(np.diff(seen.tick, prepend=-1, append=-1)) if len(seen) else np.zeros(0, dtype=np.intp)
    for start, stop in itertools.pairwise(edges):
        for rows, score in _clusters(seen, np.arange(start, stop), variances):
            member[rows] = len(scores)
            scores.append(score)
    information = np.linalg.inv(seen.noise_m2)
    total, pull, strength = np.zeros((len(scores), 2, 2)), np.zeros((len(scores), 2)), np.zeros(len(scores))
    np.add.at(total, member, information)
    np.add.at(pull, member, (information @ seen.xy_m[:, :, None])[:, :, 0])
    np.add.at(strength, member, seen.strength)
    looks, count = np.zeros((len(scores), seen.looks.shape[1])), np.bincount(member, minlength=len(scores))
    np.add.at(looks, member, seen.looks)
    noise: Floats = np.asarray(np.linalg.inv(total), dtype=np.float64)
    tick = np.zeros(len(scores), dtype=np.int64)
    tick[member] = seen.tick
    xy_m = (noise @ pull[:, :, None])[:, :, 0]
    return Fused(
        tick,
        xy_m,
        noise,
        np.clip(strength, LEAST_STRENGTH, MOST_STRENGTH),
        np.array(scores),
        looks / count[:, None],
        member,
    )


def _clusters(seen: Sightings, rows: Indices, variances: Variances) -> Iterator[tuple[Indices, float]]:
    """The clusters of one tick, each with the summed log-likelihood ratio of its sightings."""
    xy_m, camera = seen.xy_m[rows], seen.camera[rows]
    one, other = np.nonzero(np.triu(_near(xy_m) & (camera[:, None] != camera[None, :]), 1))
    if not len(one):
        yield from ((rows[[i]], 0.0) for i in range(len(rows)))
        return
    own = Sums.of(seen.take(rows), 2)
    likely = joining(own.take(one), own.take(other), variances) > 0
    graph = coo_array((np.ones(likely.sum()), (one[likely], other[likely])), shape=(len(rows), len(rows)))
    for part in groups(connected_components(graph, directed=False)[1]):
        if len(part) == 1:
            yield rows[part], 0.0
            continue
        label, scores = parted(seen.take(rows[part]), variances)
        yield from ((rows[part[cluster]], float(score)) for cluster, score in zip(groups(label), scores, strict=True))


def _near(xy_m: Floats) -> NDArray[np.bool_]:
    away = xy_m[:, None, :] - xy_m[None, :, :]
    return np.asarray((away**2).sum(axis=2) < FARTHEST_M**2)
