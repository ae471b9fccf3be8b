"""How probable each of the best links is, beside the ways to link otherwise.

The best set of links says nothing of how near the next best are. Beside it all sets are weighed that differ from it in one way at a time:
a link left out, an end or a beginning linked to another, with what that breaks left alone or linked crosswise. For two ends and two
beginnings these are all sets there are; of larger circles (Murty 1968 and Cox and Hingorani 1996 count on to the k best sets)
little is to be had. Belief propagation (Williams and Lau 2014) is far too sure just where two could be exchanged.
"""

import numpy as np

from pipelines.association.tracklets import Floats, Indices

MOST = 50.0
"""Beyond so many nats nothing is left to doubt."""


def probabilities(one: Indices, other: Indices, gains: Floats, chosen: Indices) -> Floats:
    """Of the links `chosen` (k,) from m possible ones between ends `one` and beginnings `other`, (k,); `gains` (m,) are log-likelihood
    ratios, in nats, against an end after which nobody comes back and a beginning of somebody new.
    """
    if not len(chosen):
        return np.zeros(0)
    is_spare = np.isfinite(gains)
    is_spare[chosen] = False
    spare = np.flatnonzero(is_spare)
    left, right = _drawn(one, chosen)[one[spare]], _drawn(other, chosen)[other[spare]]
    breaks_two = (left >= 0) & (right >= 0)
    open_end, open_beginning = (
        _sums(side[(side >= 0) & ~breaks_two], gains[spare[(side >= 0) & ~breaks_two]], len(gains))
        for side in (left, right)
    )
    left_out = _likelihood(-gains[chosen]) * (1 + open_end[chosen]) * (1 + open_beginning[chosen])
    broken = _broken(one, other, gains, spare[breaks_two], left[breaks_two], right[breaks_two])
    return np.asarray(1 / (1 + left_out + broken[chosen]))


def _broken(one: Indices, other: Indices, gains: Floats, spare: Indices, left: Indices, right: Indices) -> Floats:
    """For each link, (m,), how likely the sets are, against the best, in which a `spare` one stands for two, of which it is one: `left`
    at its end and `right` at its beginning.
    """
    instead = gains[spare] - gains[left] - gains[right]
    crosswise = instead + _crosswise(one, other, gains, left, right)
    sums = [_sums(*case, len(gains)) for case in ((left, instead), (right, instead), (left, crosswise))]
    return np.asarray(np.sum(sums, axis=0))


def _drawn(side: Indices, chosen: Indices) -> Indices:
    """The link drawn at each end, or beginning; -1 if none is."""
    found = np.full(int(side.max()) + 1, -1)
    found[side[chosen]] = chosen
    return found


def _likelihood(gains: Floats) -> Floats:
    return np.asarray(np.exp(np.clip(gains, -MOST, MOST)))


def _sums(link: Indices, gains: Floats, links: int) -> Floats:
    """For each link, (links,), the summed likelihoods of what has it as its `link`."""
    return np.asarray(np.bincount(link, _likelihood(gains), minlength=links), dtype=np.float64)


def _crosswise(one: Indices, other: Indices, gains: Floats, left: Indices, right: Indices) -> Floats:
    """The gain of linking what two links leave alone, the end of `right` to the beginning of `left`; -inf where that cannot be."""
    wide = int(other.max()) + 1
    order = np.argsort(one * wide + other)
    keys = (one * wide + other)[order]
    wanted = one[right] * wide + other[left]
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, gains[order[place]], -np.inf)
