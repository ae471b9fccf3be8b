"""People in one uniform: how well the looks of either agree does not say which of them came back.

That people differ in looks by a Gaussian lets the least difference between two of them decide, and between two in one uniform
that is the light or a turn of the head. So any two who are surely two may, with a small prior, be dressed alike; the nearer their
looks, the likelier. As far as they are, the looks of the one speak for the other as well, and the ways alone decide.
"""

import numpy as np

from models.vision.tracker import identity
from models.vision.tracker.identity import Variances
from pipelines.association.pairs import blocks
from pipelines.association.tracklets import Floats, Indices
from pipelines.association.visits import Visits

IN_UNIFORM = 0.05
"""The share of pairs of people who are dressed alike, before they are seen."""
PAIRS_AT_ONCE = 100_000


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
    dressed alike; 0 if none is, or theirs is one person.
    """
    drawn, share = np.full(len(visits), -1), np.zeros(len(side))
    drawn[side[chosen]] = chosen
    instead = drawn[side]
    some = np.flatnonzero((instead >= 0) & (chain[rival] != chain[rival[instead]]))
    for few in (some[part] for part in blocks(len(some), PAIRS_AT_ONCE)):
        share[few] = _dressed_alike(visits.looks[rival[few]], visits.looks[rival[instead[few]]], variances)
    return instead, share


def _dressed_alike(some: Floats, others: Floats, variances: Variances) -> Floats:
    """The probability that pairs of people with such looks, (m, c) each, are dressed alike, (m,)."""
    once = np.ones(len(some))
    log_odds = identity.score(variances, (some, others), (once, once)) + np.log(IN_UNIFORM / (1 - IN_UNIFORM))
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))))
