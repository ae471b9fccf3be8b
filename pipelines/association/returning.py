"""People who come back into view: ways joined over blind areas, floors and minutes, by looks and by where people go from where.

After the last sight of a way a person is seen next by some camera after some time, or never again; a way that begins is somebody
seen before, or somebody new. How often people go from camera to camera, and after what time, is learned together with how
looks differ from visit to visit: joined, counted, joined again (hard expectation-maximisation, as the time-space priors of Javed
et al. 2008, "Modeling inter-camera space-time and appearance relationships"). The gain of a link is its log-likelihood ratio
against an end and a beginning; the best set of links at once is an assignment problem. Each link is judged by all that is known
of the chain before it and of the chain after it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import norm

from models.vision.tracker import identity
from models.vision.tracker.linking import best_pairs
from pipelines.association.tracklets import Floats, Indices, Ints

WAITS_S = np.array([0.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0])
"""Borders of the times out of view that are told apart; who is out of view for longer is somebody new."""
ROUNDS = 8
PRIOR_LINKS = 4.0
"""Departures from each camera that count for what is believed before any is seen."""
NEVER_AGAIN = 0.3
"""The share of departures, before any is seen, after which nobody comes back."""
REACH_M, OTHER_FLOOR_M = 15.0, 40.0
"""How fast the belief in a next camera falls with its distance, and how far away another floor counts as."""
USUAL_MPS, WAIT_SPREAD = 0.8, 1.0
"""The distance over the time out of view, and the spread of the log of that time, before any is seen."""


@dataclass(frozen=True)
class Visits:
    """n ways: `start_s`, `end_s` (n,), `first_camera`, `last_camera` (n,), `looks` (n, c) their means; and of each camera
    the `floor` and the middle `xy_m` of what it sees, (k,) and (k, 2).
    """

    start_s: Floats
    end_s: Floats
    first_camera: Ints
    last_camera: Ints
    looks: Floats
    floor: Ints
    xy_m: Floats

    def __len__(self) -> int:
        return len(self.start_s)


def joined(visits: Visits) -> Indices:
    """The number of each visit's person, (n,)."""
    before = after = np.full(len(visits), -1)
    if len(visits) < 2:
        return np.arange(len(visits))
    wait_s = visits.start_s[None, :] - visits.end_s[:, None]
    heads, tails = np.nonzero((wait_s > WAITS_S[0]) & (wait_s < WAITS_S[-1]))
    wait = np.searchsorted(WAITS_S, wait_s[heads, tails], side="right") - 1
    usual = _usual_ways(visits)
    for _ in range(ROUNDS):
        ways = _ways(visits, usual, before, after)
        gains = ways[visits.last_camera[heads], visits.first_camera[tails], wait]
        gains += _alike(visits, before, after, heads, tails)
        table = np.full((len(visits), len(visits)), -np.inf)
        table[heads, tails] = gains
        rows, columns = best_pairs(table)
        known = before
        before, after = np.full(len(visits), -1), np.full(len(visits), -1)
        after[rows], before[columns] = columns, rows
        if np.array_equal(before, known):
            break
    return _chains(before)


def _ways(visits: Visits, usual: Floats, before: Indices, after: Indices) -> Floats:
    """Log-likelihood ratio, (k, k, waits), of going from a camera to a camera in a time, against an end there and a beginning here."""
    cameras, waits = len(visits.floor), len(WAITS_S) - 1
    linked = np.flatnonzero(before >= 0)
    heads, tails = before[linked], linked
    wait = np.searchsorted(WAITS_S, visits.start_s[tails] - visits.end_s[heads], side="right") - 1
    went = np.zeros((cameras, cameras, waits))
    np.add.at(went, (visits.last_camera[heads], visits.first_camera[tails], wait), 1.0)
    ends, left, born = (
        np.bincount(side, minlength=cameras).astype(np.float64)
        for side in (visits.last_camera, visits.last_camera[after < 0], visits.first_camera[before < 0])
    )
    if not len(linked):
        ends, left, born = 0 * ends, 0 * left, NEVER_AGAIN * born
    departures = ends + PRIOR_LINKS
    goes = (went + PRIOR_LINKS * (1 - NEVER_AGAIN) * usual) / departures[:, None, None] / np.diff(WAITS_S)
    leaves = (left + PRIOR_LINKS * NEVER_AGAIN) / departures
    born_per_s = (born + NEVER_AGAIN) / (np.ptp(np.concatenate([visits.start_s, visits.end_s])) + WAITS_S[1])
    return np.asarray(np.log(goes) - np.log(leaves)[:, None, None] - np.log(born_per_s)[None, :, None])


def _usual_ways(visits: Visits) -> Floats:
    """Where and when people are believed to be seen next before any is seen: the share of each camera and time out of view, (k, k, waits)."""
    away_m = np.linalg.norm(visits.xy_m[:, None] - visits.xy_m[None, :], axis=2)
    away_m = np.where(visits.floor[:, None] == visits.floor[None, :], away_m, away_m + OTHER_FLOOR_M)
    near = np.exp(-away_m / REACH_M)
    with np.errstate(divide="ignore"):
        late = np.log(WAITS_S) - np.log(np.maximum(away_m, REACH_M / 2) / USUAL_MPS)[:, :, None]
    return np.asarray((near / near.sum(axis=1, keepdims=True))[:, :, None] * np.diff(norm.cdf(late / WAIT_SPREAD)))


def _alike(visits: Visits, before: Indices, after: Indices, heads: Indices, tails: Indices) -> Floats:
    """How well the looks of the chain up to each head agree with those of the chain from each tail on, (m,)."""
    variances = identity.learn(visits.looks, _chains(before) if (before >= 0).any() else _likest(visits))
    order = np.argsort(visits.start_s, kind="stable")
    past, future = (_sums(visits.looks, side, way) for side, way in ((before, order), (after, order[::-1])))
    return identity.score(variances, (past[0][heads], future[0][tails]), (past[1][heads], future[1][tails]))


def _likest(visits: Visits) -> Indices:
    """A guess at who is who, (n,), before anything is known: two visits not at the same time, each the other's likest."""
    squares = (visits.looks**2).sum(axis=1)
    away = squares[:, None] + squares[None, :] - 2 * visits.looks @ visits.looks.T
    meanwhile = visits.start_s[:, None] <= visits.end_s[None, :]
    away[meanwhile & meanwhile.T] = np.inf
    likest = away.argmin(axis=1)
    mutual = (likest[likest] == np.arange(len(visits))) & np.isfinite(away.min(axis=1))
    return np.where(mutual, np.minimum(likest, np.arange(len(visits))), np.arange(len(visits)))


def _sums(looks: Floats, neighbours: Indices, order: Indices) -> tuple[Floats, Floats]:
    """Sums of looks and numbers of visits of each visit and all that are linked on one side of it."""
    sums, counts = looks.copy(), np.ones(len(looks))
    for visit in order[neighbours[order] >= 0]:
        sums[visit] += sums[neighbours[visit]]
        counts[visit] += counts[neighbours[visit]]
    return sums, counts


def _chains(before: Indices) -> Indices:
    linked = np.flatnonzero(before >= 0)
    graph = coo_array((np.ones(len(linked)), (before[linked], linked)), shape=(len(before), len(before)))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.intp)
