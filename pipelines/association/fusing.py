"""Several cameras see one person at one moment: which sightings are the same person, and where that person is.

At each tick the best pair of clusters is merged while it is likelier that they are one person than two: the log-likelihood
ratio is log(floor per person) + log N(difference of places; 0, both noises) + `SAME` + how well the looks agree (a
two-covariance score, `models.vision.tracker.identity`). One camera does not see a person twice, so a cluster holds at most
one sighting of a camera.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from models.vision.tracker import identity
from models.vision.tracker.identity import Variances
from pipelines.association.pairs import groups
from pipelines.association.tracklets import Floats, Indices, Ints, Sightings

SAME = 1.0
"""Log odds, before looking, that a person whom one camera sees is seen by another that sees somebody there."""
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
    """The clusters of one tick, each with the summed score of its merges."""
    xy_m, camera = seen.xy_m[rows], seen.camera[rows]
    one, other = np.nonzero(np.triu(_near(xy_m) & (camera[:, None] != camera[None, :]), 1))
    if not len(one):
        yield from ((rows[[i]], 0.0) for i in range(len(rows)))
        return
    gains = _gains(seen, rows[one], rows[other]) + _alike(seen.looks[rows], one, other, np.ones(len(rows)), variances)
    likely = gains > 0
    graph = coo_array((np.ones(likely.sum()), (one[likely], other[likely])), shape=(len(rows), len(rows)))
    for part in groups(connected_components(graph, directed=False)[1]):
        yield from _agglomerate(seen, rows[part], variances)


def _near(xy_m: Floats) -> NDArray[np.bool_]:
    away = xy_m[:, None, :] - xy_m[None, :, :]
    return np.asarray((away**2).sum(axis=2) < FARTHEST_M**2)


def _gains(seen: Sightings, one: Indices, other: Indices) -> Floats:
    room = (seen.log_room[one] + seen.log_room[other]) / 2
    return room + SAME + _log_density(seen.xy_m[one] - seen.xy_m[other], seen.noise_m2[one] + seen.noise_m2[other])


def _alike(looks: Floats, one: Indices, other: Indices, count: Floats, variances: Variances) -> Floats:
    """Log-likelihood ratio by looks of pairs among sums of `count` looks; sightings without looks say nothing."""
    says: NDArray[np.bool_] = np.any(looks != 0, axis=1)
    scores = identity.score(variances, (looks[one], looks[other]), (count[one], count[other]))
    return np.where(says[one] & says[other], scores, 0.0)


def _log_density(away_m: Floats, noise_m2: Floats) -> Floats:
    """Log N(away; 0, noise) of m planar vectors, (m,)."""
    xx, xy, yy = noise_m2[:, 0, 0], noise_m2[:, 0, 1], noise_m2[:, 1, 1]
    determinant = xx * yy - xy**2
    x, y = away_m.T
    distance = (yy * x**2 - 2 * xy * x * y + xx * y**2) / determinant
    return np.asarray(-np.log(2 * np.pi) - 0.5 * np.log(determinant) - 0.5 * distance)


def _agglomerate(seen: Sightings, rows: Indices, variances: Variances) -> Iterator[tuple[Indices, float]]:
    """Merge the best pair of clusters while it gains; a handful of sightings that hang together."""
    clusters = [[row] for row in rows]
    own = seen.take(rows)
    cameras, scores = own.camera[:, None] == np.unique(own.camera)[None, :], np.zeros(len(rows))
    information = np.linalg.inv(own.noise_m2)
    xy_m, noise, room = own.xy_m.copy(), own.noise_m2.copy(), own.log_room
    looks, count = own.looks.copy(), np.ones(len(rows))
    while len(clusters) > 1:
        one, other = np.triu_indices(len(clusters), 1)
        gains = (room[one] + room[other]) / 2 + SAME + _log_density(xy_m[one] - xy_m[other], noise[one] + noise[other])
        gains += _alike(looks, one, other, count, variances)
        gains[(cameras[one] & cameras[other]).any(axis=1)] = -np.inf
        best = int(gains.argmax())
        if gains[best] <= 0:
            break
        a, b = one[best], other[best]
        clusters[a] = clusters[a] + clusters[b]
        scores[a] += scores[b] + gains[best]
        cameras[a] |= cameras[b]
        pull = information[a] @ xy_m[a] + information[b] @ xy_m[b]
        information[a] += information[b]
        noise[a] = np.linalg.inv(information[a])
        xy_m[a] = noise[a] @ pull
        looks[a], count[a] = looks[a] + looks[b], count[a] + count[b]
        keep = np.arange(len(clusters)) != b
        del clusters[b]
        cameras, scores, information, xy_m, noise, room, looks, count = (
            column[keep] for column in (cameras, scores, information, xy_m, noise, room, looks, count)
        )
    for cluster, score in zip(clusters, scores, strict=True):
        yield np.array(cluster, dtype=np.intp), float(score)
