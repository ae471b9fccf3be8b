"""Links between detections, decided forward once and then re-decided with the future known.

Every detection has at most one `before` and one `after`, and two beliefs: `past`, from its track's past, and `future`,
from its track's future. Going backward over the samples, the future beliefs ahead are always those of the present links,
and so are the past beliefs behind; going forward the same holds with the sides exchanged.

A decision rests on what lies within `MAX_GAP_S` of it. Where no link there has changed since it was taken, itself included, it
is not taken again: beliefs that changed further away have faded. So later sweeps cost little where little is doubtful.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker.identity import Variances
from models.vision.tracker.linking import MAX_GAP_S, Beliefs, Scene, best_pairs

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Bools = NDArray[np.bool_]
NONE = -1


class Links:
    """The present links of a scene, and the beliefs they imply."""

    def __init__(self, scene: Scene) -> None:
        everything = np.arange(len(scene.placed))
        self.scene = scene
        self.before = np.full(len(everything), NONE)
        self.after = np.full(len(everything), NONE)
        self.past = scene.alone.take(everything)
        self.future = scene.alone.take(everything)
        placed = scene.placed
        self._past_is_old, self._future_is_old = (np.zeros(len(everything), dtype=bool) for _ in range(2))
        self._clock = 0
        self._changed_at = np.zeros(len(everything), dtype=np.intp)
        self._rematched_at, self._reassigned_at = (np.full(len(placed.times_s), NONE) for _ in range(2))
        self._from = np.searchsorted(placed.time_s, placed.times_s - MAX_GAP_S - 1e-6)
        self._to = np.searchsorted(placed.time_s, placed.times_s + MAX_GAP_S + 1e-6)

    def samples(self) -> range:
        """The sample numbers in order."""
        return range(len(self.scene.placed.times_s))

    def know(self, variances: Variances) -> None:
        """Judge by these variances of the cues from now on."""
        self.scene = self.scene.knowing(variances)
        self._rematched_at[:], self._reassigned_at[:] = NONE, NONE

    def decide_forward(self) -> None:
        """The first links: each sample's detections to the tracks so far."""
        for sample in self.samples():
            if sample:
                self._rematch(sample - 1)
            self.renew_past(sample)

    def sweep_backward(self) -> None:
        """Re-decide every sample, from the last to the first."""
        for sample in reversed(self.samples()):
            self._reassign(sample)
            self.renew_past(sample)
            if sample + 1 < len(self.samples()):
                self._rematch(sample)
            self.renew_future(sample)

    def sweep_forward(self) -> None:
        """Re-decide every sample, from the first to the last."""
        for sample in self.samples():
            self._reassign(sample)
            self.renew_future(sample)
            if sample:
                self._rematch(sample - 1)
            self.renew_past(sample)

    def renew(self) -> None:
        """All beliefs from the present links."""
        for sample in self.samples():
            self.renew_past(sample)
        for sample in reversed(self.samples()):
            self.renew_future(sample)

    def renew_past(self, sample: int) -> None:
        """Past beliefs of a sample's detections from those of their `before`."""
        self._renew(self.past, self._past_is_old, self._detections(sample), self.before, self.after)

    def renew_future(self, sample: int) -> None:
        """Future beliefs of a sample's detections from those of their `after`."""
        self._renew(self.future, self._future_is_old, self._detections(sample), self.after, self.before)

    def chain(self, detections: Indices) -> None:
        """Make one track of the detections of some tracks, ascending in time, one of a sample; `renew` is to be called then."""
        self.before[detections] = np.append(NONE, detections[:-1])
        self.after[detections] = np.append(detections[1:], NONE)
        self._past_is_old[detections] = self._future_is_old[detections] = True

    def tracks(self) -> Indices:
        """The first detection of each detection's track, (n,): one number per track."""
        return _roots(self.before)

    def pair_gains(self, heads: Indices, tails: Indices) -> Floats:
        """What linking each of `heads` to each of `tails` would gain, (heads, tails) nats; -inf where nobody could walk so far."""
        gains = np.full((len(heads), len(tails)), -np.inf)
        one, other = self.scene.near(heads, tails)
        gains[one, other] = self._gains(heads[one], tails[other])
        return gains

    def _renew(self, beliefs: Beliefs, is_old: Bools, detections: Indices, sources: Indices, heirs: Indices) -> None:
        """Beliefs of those detections whose source, the link's or the belief itself, has changed since; `heirs` rest on them."""
        detections = detections[is_old[detections]]
        if not len(detections):
            return
        is_old[detections] = False
        is_old[heirs[detections[heirs[detections] != NONE]]] = True
        source = sources[detections]
        alone, linked = detections[source == NONE], detections[source != NONE]
        beliefs.put(alone, self.scene.alone.take(alone))
        if len(linked):
            source = sources[linked]
            beliefs.put(linked, self.scene.extended(beliefs.take(source), linked, self._gap_s(source, linked)))

    def _rematch(self, sample: int) -> None:
        """Cut all tracks after `sample` and match all ends to all beginnings anew, unless that was done to what is there now."""
        around = slice(self._from[sample + 1], self._to[sample])
        self._where_due(self._match_anew, self._rematched_at, sample, around)

    def _reassign(self, sample: int) -> None:
        """Give each detection of a sample to the track where it is worth most, unless that was done to what is there now."""
        around = slice(self._from[sample], self._to[sample])
        self._where_due(self._assign_anew, self._reassigned_at, sample, around)

    def _where_due(self, decide: Callable[[int], None], taken_at: Indices, sample: int, around: slice) -> None:
        """Decide about a sample, unless the links `around` it are those that the decision was last taken on."""
        if taken_at[sample] >= self._changed_at[around].max(initial=0):
            return
        before, after = self.before[around].copy(), self.after[around].copy()
        taken_at[sample] = self._clock
        decide(sample)
        self._clock += 1
        other_past, other_future = self.before[around] != before, self.after[around] != after
        self._past_is_old[around] |= other_past
        self._future_is_old[around] |= other_future
        self._changed_at[around][other_past | other_future] = self._clock

    def _match_anew(self, sample: int) -> None:
        border, time_after = self.scene.placed.starts[sample + 1], sample + 1
        heads = np.arange(self._from[time_after], border)
        heads = heads[(self.after[heads] == NONE) | (self.after[heads] >= border)]
        tails = np.arange(border, self._to[sample])
        tails = tails[self.before[tails] < border]
        gains = self.pair_gains(heads, tails)
        self.after[heads], self.before[tails] = NONE, NONE
        rows, columns = best_pairs(gains)
        self._link(heads[rows], tails[columns])

    def _assign_anew(self, sample: int) -> None:
        """Take a sample's detections out of their tracks and give each to the track where it is worth most."""
        detections = self._detections(sample)
        before, after = self._slots(sample)
        if not len(before):
            return
        bridged = self._bridge(before, after)
        gains = self._insertion_gains(before, after, detections) - np.maximum(bridged, 0.0)
        self._unlink(detections, before, after)
        chosen, slots = best_pairs(gains)
        kept = (bridged > 0) & ~np.isin(np.arange(len(before)), slots)
        self._link(before[kept], after[kept])
        self._link(before[slots], detections[chosen])
        self._link(detections[chosen], after[slots])

    def _slots(self, sample: int) -> tuple[Indices, Indices]:
        """Where a detection of the sample can go, (before, after), the sample's own detections taken out; NONE at open ends."""
        start, stop = self.scene.placed.starts[sample], self.scene.placed.starts[sample + 1]
        earlier = np.arange(self._from[sample], start)
        following = _step_over(self.after, earlier, start, stop)
        open_heads = (following == NONE) | (following >= stop)
        later = np.arange(stop, self._to[sample])
        beginnings = later[_step_over(self.before, later, start, stop) == NONE]
        before = np.concatenate([earlier[open_heads], np.full(len(beginnings), NONE)])
        return before, np.concatenate([following[open_heads], beginnings])

    def _bridge(self, before: Indices, after: Indices) -> Floats:
        """Gain of each slot's link without any detection of the sample, -inf where there can be none."""
        gains = np.full(len(before), -np.inf)
        both = np.flatnonzero((before != NONE) & (after != NONE))
        both = both[self._gap_s(before[both], after[both]) <= MAX_GAP_S + 1e-6]
        gains[both] = self._gains(before[both], after[both])
        return gains

    def _insertion_gains(self, before: Indices, after: Indices, detections: Indices) -> Floats:
        """Gain of both links that each detection would have in each slot, (detections, slots)."""
        gains = np.zeros((len(detections), len(before)))
        has_before, has_after = np.flatnonzero(before != NONE), np.flatnonzero(after != NONE)
        reached = np.zeros(gains.shape, dtype=bool)
        slot, which = self.scene.near(before[has_before], detections)
        reached[which, has_before[slot]] = True
        gains[:, has_before] = np.where(reached[:, has_before], 0.0, -np.inf)
        leaving = np.zeros(gains.shape, dtype=bool)
        which, slot = self.scene.near(detections, after[has_after])
        leaving[which, has_after[slot]] = True
        gains[:, has_after] = np.where(leaving[:, has_after], gains[:, has_after], -np.inf)
        which, slot = np.nonzero(np.isfinite(gains))
        beliefs = self.scene.alone.take(detections[which])
        fed = np.flatnonzero(before[slot] != NONE)
        if len(fed):
            head, seen = before[slot[fed]], detections[which[fed]]
            (gap_s, missed), past = self.scene.apart(head, seen), self.past.take(head)
            gains[which[fed], slot[fed]] += self.scene.gain(past, beliefs.take(fed), gap_s, missed)
            beliefs.put(fed, self.scene.extended(past, seen, gap_s))
        led = np.flatnonzero(after[slot] != NONE)
        if len(led):
            tail, seen = after[slot[led]], detections[which[led]]
            future = self.future.take(tail)
            gains[which[led], slot[led]] += self.scene.gain(beliefs.take(led), future, *self.scene.apart(seen, tail))
        return gains

    def _gains(self, heads: Indices, tails: Indices) -> Floats:
        if not len(heads):
            return np.zeros(0)
        return self.scene.gain(self.past.take(heads), self.future.take(tails), *self.scene.apart(heads, tails))

    def _gap_s(self, one: Indices, other: Indices) -> Floats:
        return np.abs(self.scene.placed.time_s[other] - self.scene.placed.time_s[one])

    def _detections(self, sample: int) -> Indices:
        return np.arange(self.scene.placed.starts[sample], self.scene.placed.starts[sample + 1])

    def _link(self, heads: Indices, tails: Indices) -> None:
        both = (heads != NONE) & (tails != NONE)
        self.after[heads[both]], self.before[tails[both]] = tails[both], heads[both]

    def _unlink(self, detections: Indices, before: Indices, after: Indices) -> None:
        self.before[detections] = self.after[detections] = NONE
        self.after[before[before != NONE]] = NONE
        self.before[after[after != NONE]] = NONE


def _step_over(neighbours: Indices, of: Indices, start: int, stop: int) -> Indices:
    """The neighbours of some detections, the neighbour's neighbour where it lies within start..stop."""
    found = neighbours[of]
    inside = (found >= start) & (found < stop)
    found[inside] = neighbours[found[inside]]
    return found


def _roots(before: Indices) -> Indices:
    roots = np.where(before == NONE, np.arange(len(before)), before)
    while True:
        further = roots[roots]
        if (further == roots).all():
            return roots
        roots = further
