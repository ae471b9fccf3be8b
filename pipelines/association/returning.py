"""People who come back into view: ways joined over blind areas, floors and minutes, by looks and by where people go from where.

After the last sight of a way a person is seen next by some camera after some time, or never again; a way that begins is somebody
seen before, or somebody new. How often people go from camera to camera, and after what time, is learned together with how
looks differ from visit to visit: joined, counted, joined again (hard expectation-maximisation, as the time-space priors of Javed
et al. 2008, "Modeling inter-camera space-time and appearance relationships"). The gain of a link is its log-likelihood ratio
against an end and a beginning; the best set of links at once is an assignment problem. Each link is judged by all that is known
of the chain before it and of the chain after it. Which of the links are too doubtful to be drawn is decided at the end (`settling`).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import norm

from models.vision.tracker import identity
from models.vision.tracker.identity import Variances
from pipelines.association.gathering import gathered
from pipelines.association.lookalikes import alike_for_all
from pipelines.association.pairs import best_links, blocks
from pipelines.association.probabilities import probabilities
from pipelines.association.settling import settled
from pipelines.association.tracklets import Floats, Indices
from pipelines.association.visits import Returns, Visits

WAITS_S = np.array([0.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0])
"""Borders of the times out of view that are told apart; who is out of view for longer is somebody new."""
LONGEST_AWAY_S = float(WAITS_S[-1])
ROUNDS, SEARCHES = 8, 2
"""How often all is joined anew, and how often, at first, the links worth thinking of are searched for anew."""
MOST, LEAST = 64, -8.0
"""So many beginnings are thought of for each end, and none less likely, nats."""
NEARBY = 50
"""Before anything is known the looks of each end are compared with those of so many beginnings, the likeliest by the usual ways."""
LEAST_ALIKE = 1.0
"""Looks must say so much, nats, for a link: those who only came at the right time, in the same uniform, stay two."""
AT_ONCE, PAIRS_AT_ONCE = 256, 100_000
PRIOR_LINKS = 4.0
"""Departures from each camera that count for what is believed before any is seen."""
NEVER_AGAIN = 0.3
"""The share of departures, before any is seen, after which nobody comes back."""
REACH_M, OTHER_FLOOR_M = 15.0, 40.0
"""How fast the belief in a next camera falls with its distance, and how far away another floor counts as."""
NEVER = 1e-12
"""The likelihood, a second, of what was never seen and is not believed."""
USUAL_MPS, WAIT_SPREAD = 0.8, 2.0
"""The distance over the time out of view, and the spread of the log of that time, before any is seen."""


def joined(visits: Visits, named: Indices | None = None) -> Returns:
    """Who comes back, and how sure that is.

    `named` (n,) is the number of a name that a visit has already, -1 if none: one name is one person, two are two. Nobody is
    joined where it cannot be learned how looks differ: places alone do not say who comes back.
    """
    named = np.full(len(visits), -1) if named is None else named
    before = after = np.full(len(visits), -1)
    heads = tails = chosen = np.zeros(0, np.intp)
    gains = sure = np.zeros(0)
    usual = _usual_ways(visits)
    variances = identity.learn(visits.looks, _likest(visits, _ways(visits, usual, before, after)))
    for number in range(ROUNDS if variances.between.any() else 0):
        ways = _ways(visits, usual, before, after)
        if number < SEARCHES:
            heads, tails = _likely(visits, ways, variances)
            wait = _wait(visits.start_s[tails] - visits.end_s[heads])
            two_names = (named[heads] >= 0) & (named[tails] >= 0) & (named[heads] != named[tails])
        came = np.where(two_names, -np.inf, ways[visits.last_camera[heads], visits.first_camera[tails], wait])
        alike = _alike(visits, variances, before, after, heads, tails)
        gains = _gains(came, alike)
        chosen, known = best_links(len(visits), len(visits), heads, tails, gains), before
        before, after = np.full(len(visits), -1), np.full(len(visits), -1)
        after[heads[chosen]], before[tails[chosen]] = tails[chosen], heads[chosen]
        if number == ROUNDS - 1 or np.array_equal(before, known):
            for_all = alike_for_all(visits, variances, _chains(before), heads, tails, alike, chosen)
            sure = probabilities(heads, tails, _gains(came, for_all), chosen)
            break
        if len(chosen):
            variances = identity.learn(visits.looks, _chains(before))
    came_back = settled(visits, named, heads[chosen], tails[chosen], gains[chosen], sure)
    return gathered(visits, named, came_back)


def _gains(came: Floats, alike: Floats) -> Floats:
    """What ways and looks say of links together, (m,) nats; -inf where looks say too little."""
    return np.where(alike < LEAST_ALIKE, -np.inf, came + alike)


def _likely(visits: Visits, ways: Floats, variances: Variances) -> tuple[Indices, Indices]:
    """The links worth thinking of: for each end the `MOST` beginnings that are likeliest by themselves, none below `LEAST`."""
    heads, tails = [], []
    for some, later, gains in _tables(visits, ways):
        gains += identity.table(variances, visits.looks[some], visits.looks[later])
        one, other = np.nonzero((gains > LEAST) & _among_best(gains, MOST))
        heads.append(some[one])
        tails.append(later[other])
    return np.concatenate([np.zeros(0, np.intp), *heads]), np.concatenate([np.zeros(0, np.intp), *tails])


def _tables(visits: Visits, ways: Floats) -> Iterator[tuple[Indices, Indices, Floats]]:
    """Some ends, all beginnings within the times out of view after them, and what the ways say of each pair, -inf if one cannot be."""
    ends, begins = (np.argsort(side, kind="stable") for side in (visits.end_s, visits.start_s))
    for part in blocks(len(visits), AT_ONCE):
        some = ends[part]
        borders_s = visits.end_s[some[[0, -1]]] + WAITS_S[[0, -1]]
        later = begins[slice(*np.searchsorted(visits.start_s[begins], borders_s, side="right"))]
        wait_s = visits.start_s[later][None, :] - visits.end_s[some][:, None]
        gains = ways[visits.last_camera[some][:, None], visits.first_camera[later][None, :], _wait(wait_s)]
        gains[(wait_s <= WAITS_S[0]) | (wait_s >= WAITS_S[-1])] = -np.inf
        yield some, later, gains


def _among_best(gains: Floats, most: int) -> NDArray[np.bool_]:
    """Which of the gains, (n, m), are among the `most` best of their row, or as good as the last of these."""
    if gains.shape[1] <= most:
        return np.ones(gains.shape, dtype=bool)
    return np.asarray(gains >= -np.partition(-gains, most, axis=1)[:, most, None])


def _wait(wait_s: Floats) -> Indices:
    """Which of the times out of view each is."""
    return np.clip(np.searchsorted(WAITS_S, wait_s, side="right") - 1, 0, len(WAITS_S) - 2)


def _ways(visits: Visits, usual: Floats, before: Indices, after: Indices) -> Floats:
    """Log-likelihood ratio, (k, k, waits), of going from a camera to a camera in a time, against an end there and a beginning here."""
    cameras, waits = len(visits.floor), len(WAITS_S) - 1
    linked = np.flatnonzero(before >= 0)
    heads, tails = before[linked], linked
    wait = _wait(visits.start_s[tails] - visits.end_s[heads])
    went = np.zeros((cameras, cameras, waits))
    np.add.at(went, (visits.last_camera[heads], visits.first_camera[tails], wait), 1.0)
    ends, left, born = (
        np.bincount(side, minlength=cameras).astype(np.float64)
        for side in (visits.last_camera, visits.last_camera[after < 0], visits.first_camera[before < 0])
    )
    if not len(linked):
        ends, left, born = 0 * ends, 0 * left, NEVER_AGAIN * born
    departures = ends + PRIOR_LINKS
    goes = (went + PRIOR_LINKS * (1 - NEVER_AGAIN) * usual) / departures[:, None, None] / np.diff(WAITS_S) + NEVER
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


def _alike(
    visits: Visits, variances: Variances, before: Indices, after: Indices, heads: Indices, tails: Indices
) -> Floats:
    """How well the looks of the chain up to each head agree with those of the chain from each tail on, (m,)."""
    order = np.argsort(visits.start_s, kind="stable")
    past, future = (_sums(visits.looks, side, way) for side, way in ((before, order), (after, order[::-1])))
    return np.concatenate(
        [
            np.zeros(0),
            *(
                identity.score(
                    variances,
                    (past[0][heads[few]], future[0][tails[few]]),
                    (past[1][heads[few]], future[1][tails[few]]),
                )
                for few in blocks(len(heads), PAIRS_AT_ONCE)
            ),
        ]
    )


def _likest(visits: Visits, ways: Floats) -> Indices:
    """A guess at who is who, (n,), before anything is known: an end and a beginning, each the other's likest of those nearby."""
    likest, earlier = np.full(len(visits), -1), np.full(len(visits), -1)
    nearest = np.full(len(visits), np.inf)
    squares = (visits.looks**2).sum(axis=1)
    for some, later, gains in _tables(visits, ways):
        away = squares[some][:, None] + squares[later][None, :] - 2 * visits.looks[some] @ visits.looks[later].T
        away[~np.isfinite(gains) | ~_among_best(gains, NEARBY)] = np.inf
        if not away.size:
            continue
        best = away.argmin(axis=1)
        likest[some] = np.where(np.isfinite(away.min(axis=1)), later[best], -1)
        best, least = away.argmin(axis=0), away.min(axis=0)
        closer = least < nearest[later]
        earlier[later[closer]], nearest[later[closer]] = some[best[closer]], least[closer]
    before = np.full(len(visits), -1)
    mutual = np.flatnonzero((likest >= 0) & (earlier[likest] == np.arange(len(visits))))
    before[likest[mutual]] = mutual
    return _chains(before)


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
