"""People in one uniform: how well the looks of either agree does not say which of them came back.

That people differ in looks by a Gaussian lets the least difference between two of them decide, and between two in one uniform
that is the light or a turn of the head. So any two who are surely two may, with a small prior, be dressed alike; the nearer their
looks, the likelier. As far as they are, the looks of the one speak for the other as well, and the ways alone decide. Surely two
are those who were in view at one time: who never were may be one person, seen for a moment beside the chain that is drawn.
"""

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import identity
from models.vision.tracker.identity import Variances
from pipelines.association.pairs import blocks
from pipelines.association.tracklets import Floats, Indices
from pipelines.association.visits import Visits

IN_UNIFORM = 0.05
"""The share of pairs of people who are dressed alike, before they are seen."""
PAIRS_AT_ONCE = 100_000
UNLIKELY = 0.001
"""Two who are less likely dressed alike are not looked at more closely."""


def alike_for_all(
    visits: Visits, variances: Variances, chain: Indices, heads: Indices, tails: Indices, alike: Floats, chosen: Indices
) -> Floats:
    """How well looks agree, (m,) nats, over links `heads` to `tails`, where `chosen` are drawn and `chain` (n,) are the persons they make:
    as `alike` (m,) says, but nearer to what it says of the link drawn instead, the likelier the two who compete are dressed alike.
    """
    rivals = [
        _instead(visits, variances, chain, side, rival, chosen) for side, rival in ((heads, tails), (tails, heads))
    ]
    count = sum((share > 0).astype(np.int64) for _, share in rivals)
    moved = sum(share * (alike[drawn] - alike) for drawn, share in rivals)
    return np.asarray(alike + moved / np.maximum(count, 1))


def _instead(
    visits: Visits, variances: Variances, chain: Indices, side: Indices, rival: Indices, chosen: Indices
) -> tuple[Indices, Floats]:
    """For each link, (m,): which link is drawn instead, from or to the same of `side`, and how likely the two of `rival` who compete are
    dressed alike; 0 if none is, or the two may be one person.
    """
    drawn, share = np.full(len(visits), -1), np.zeros(len(side))
    drawn[side[chosen]] = chosen
    instead = drawn[side]
    some = np.flatnonzero((instead >= 0) & (chain[rival] != chain[rival[instead]]))
    for few in (some[part] for part in blocks(len(some), PAIRS_AT_ONCE)):
        share[few] = _dressed_alike(visits.looks[rival[few]], visits.looks[rival[instead[few]]], variances)
    likely = np.flatnonzero(share > UNLIKELY)
    may_be_one = ~_surely_two(visits, chain, rival[likely], rival[instead[likely]])
    share[likely[may_be_one]] = 0
    share[share <= UNLIKELY] = 0
    return instead, share


def _surely_two(visits: Visits, chain: Indices, some: Indices, others: Indices) -> NDArray[np.bool_]:
    """Whether the chains of pairs of visits, (m,) each, were ever in view at one time."""
    order = np.lexsort((visits.start_s, chain))
    number, first = np.unique(chain[order], return_index=True)
    visits_of = dict(zip(number.tolist(), np.split(order, first[1:]), strict=True))
    pairs, pair = np.unique(np.column_stack([chain[some], chain[others]]), axis=0, return_inverse=True)
    meets = [_meet(visits, visits_of[one], visits_of[other]) for one, other in pairs.tolist()]
    return np.array(meets, dtype=bool)[pair.ravel()]


def _meet(visits: Visits, some: Indices, others: Indices) -> bool:
    """Whether any of some visits, by time and one after another, is at the time of any of others."""
    last = np.searchsorted(visits.start_s[some], visits.end_s[others], side="right") - 1
    return bool((visits.end_s[some[np.maximum(last, 0)]] >= visits.start_s[others])[last >= 0].any())


def _dressed_alike(some: Floats, others: Floats, variances: Variances) -> Floats:
    """The probability that pairs of people with such looks, (m, c) each, are dressed alike, (m,)."""
    once = np.ones(len(some))
    log_odds = identity.score(variances, (some, others), (once, once)) + np.log(IN_UNIFORM / (1 - IN_UNIFORM))
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))))
