"""Ways that are one person twice: they go side by side and take turns, seen now by one of them, now by the other.

Where somebody stays long the tracker may share out their moments among two ways, each with gaps that it bears, and no single change
of a link makes them one. Two people side by side are mostly seen both; so ways that are hardly ever seen at once are one person.
"""

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from models.vision.tracker import identity
from models.vision.tracker.identity import Variances
from pipelines.association.fusing import Fused
from pipelines.association.tracking import Way

BESIDE_M, LEAST_TICKS = 1.2, 4
"""Doubles are hardly ever further apart while both are there, for so many ticks at least."""
AT_ONCE = 0.2
"""The largest share of the ticks at which either is seen that may show both."""
_FAR_M = 1e3


def united(ways: Sequence[Way], fused: Fused, variances: Variances) -> list[Way]:
    """The ways, doubles made one, by first sight; looks, where they are known, must speak for one person."""
    whose = np.arange(len(ways))
    for one, other in _side_by_side(ways):
        if _take_turns(ways[one], ways[other], fused) and _alike(ways[one], ways[other], fused, variances) >= 0:
            whose[whose == whose[other]] = whose[one]
    members = [
        [ways[number] for number in np.flatnonzero(whose == of).tolist()] for of in dict.fromkeys(whose.tolist())
    ]
    return [some[0] if len(some) == 1 else _joined(some, fused) for some in members]


def _side_by_side(ways: Sequence[Way]) -> list[tuple[int, int]]:
    """Pairs of ways that are within `BESIDE_M` nine times of ten while both are there, and that is `LEAST_TICKS` or more."""
    if len(ways) < 2:
        return []
    step_s = min(float(np.diff(way.times_s).min(initial=np.inf)) for way in ways)
    ticks = [np.round(way.times_s / step_s).astype(np.int64) for way in ways]
    some = [np.flatnonzero(tick % LEAST_TICKS == 0) for tick in ticks]
    number = np.repeat(np.arange(len(ways)), [len(rows) for rows in some])
    places = np.concatenate([way.xy_m[rows] for way, rows in zip(ways, some, strict=True)])
    when = np.concatenate([tick[rows] for tick, rows in zip(ticks, some, strict=True)])
    tree = cKDTree(np.column_stack([places, _FAR_M * (when - when.min(initial=when.max(initial=0)))]))
    near = tree.query_pairs(BESIDE_M, output_type="ndarray").reshape(-1, 2)
    pairs = np.unique(np.sort(number[near], axis=1), axis=0)
    return [(one, other) for one, other in pairs.tolist() if _beside(ways[one], ways[other])]


def _beside(one: Way, other: Way) -> bool:
    _, here, there = np.intersect1d(one.times_s, other.times_s, return_indices=True)
    if len(here) < LEAST_TICKS:
        return False
    away_m = np.linalg.norm(one.xy_m[here] - other.xy_m[there], axis=1)
    return bool(np.quantile(away_m, 0.9) < BESIDE_M)


def _take_turns(one: Way, other: Way, fused: Fused) -> bool:
    """Whether, while both are there, hardly any tick shows both."""
    here, there = fused.tick[one.fused], fused.tick[other.fused]
    either, both = np.union1d(here, there), np.intersect1d(here, there)
    together = (either >= max(here[0], there[0])) & (either <= min(here[-1], there[-1]))
    return bool(len(both) <= AT_ONCE * together.sum())


def _alike(one: Way, other: Way, fused: Fused, variances: Variances) -> float:
    """The log-likelihood ratio of one person against two by the looks; 0 where they are not known."""
    here, there = (fused.looks[way.fused] for way in (one, other))
    counts = np.array([float(len(here))]), np.array([float(len(there))])
    return float(identity.score(variances, (here.sum(axis=0)[None], there.sum(axis=0)[None]), counts)[0])


def _joined(some: Sequence[Way], fused: Fused) -> Way:
    """One way of several: their moments, and the middle between them where more than one is there."""
    rows, gains = (np.concatenate(column) for column in zip(*((way.fused, way.link_gain) for way in some), strict=True))
    order = np.argsort(fused.tick[rows], kind="stable")
    times_s = np.concatenate([way.times_s for way in some])
    times_s, position, count = np.unique(times_s, return_inverse=True, return_counts=True)
    xy_m = np.zeros((len(times_s), 2))
    np.add.at(xy_m, position, np.concatenate([way.xy_m for way in some]))
    return Way(rows[order], times_s, xy_m / count[:, None], gains[order])
