"""People out of sight for a while: ends and beginnings of ways that looks and walking time say are one person.

The tracker links over 4 s, where place alone decides. Over longer times places say little and looks decide: the gain of a
link is the tracker's own, with a price for the time unseen that flattens, because who is hidden stays hidden.
"""

import numpy as np

from models.vision.tracker import identity, linking, motion, smoothing
from models.vision.tracker.linking import MAX_GAP_S
from models.vision.tracker.sweeps import NONE, Links
from pipelines.association.pairs import after, best_links, blocks
from pipelines.association.tracklets import Floats, Indices

LONGEST_S = 30.0
"""Who is unseen for longer is somebody new."""
UNSEEN_COST = linking.FIRST_MISS + 3 * linking.NEXT_MISS
UNSEEN_COST_PER_S = 0.1
"""Nats for a time unseen: what the tracker asks for 4 s, and little for each second more."""
AT_ONCE = 50_000
"""Pairs whose gain is computed in one go; it takes some 2 kB each."""


def bridge(links: Links) -> None:
    """Link ends of credible ways to beginnings of others up to `LONGEST_S` later, the best set of links at once."""
    credible = smoothing.believable(links) != NONE
    heads = np.flatnonzero(credible & (links.after == NONE))
    tails = np.flatnonzero(credible & (links.before == NONE))
    one, other = _walkable(links, heads, tails)
    gains = np.concatenate(
        [np.zeros(0), *(_gains(links, heads[one[few]], tails[other[few]]) for few in blocks(len(one), AT_ONCE))]
    )
    chosen = best_links(len(heads), len(tails), one, other, gains)
    links.after[heads[one[chosen]]] = tails[other[chosen]]
    links.before[tails[other[chosen]]] = heads[one[chosen]]
    links.renew()


def _walkable(links: Links, heads: Indices, tails: Indices) -> tuple[Indices, Indices]:
    """Pairs (positions in `heads`, positions in `tails`) that one person could walk between, unseen for more than the tracker bears."""
    placed = links.scene.placed
    one, other = after(placed.time_s[heads], placed.time_s[tails], MAX_GAP_S, LONGEST_S)
    gap_s = placed.time_s[tails[other]] - placed.time_s[heads[one]]
    away_m = np.linalg.norm(placed.xy_m[heads[one]] - placed.xy_m[tails[other]], axis=1)
    near = away_m <= linking.MAX_SPEED_MPS * gap_s
    return one[near], other[near]


def _gains(links: Links, heads: Indices, tails: Indices) -> Floats:
    scene, past, future = links.scene, links.past.take(heads), links.future.take(tails)
    gap_s = scene.placed.time_s[tails] - scene.placed.time_s[heads]
    agreement = motion.log_overlap(motion.predict(past.states, gap_s), motion.reverse(future.states))
    looks = identity.score(scene.variances, (past.cue_sums, future.cue_sums), (past.count, future.count))
    unseen = UNSEEN_COST + UNSEEN_COST_PER_S * (gap_s - MAX_GAP_S)
    return np.asarray(scene.log_area + agreement + looks + linking.BIRTH_AND_DEATH - unseen)
