"""Ways of one day each: a person gets a new id at local midnight, because ids of two days must not be linkable."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from pipelines.association.fusing import Fused
from pipelines.association.tracking import Way
from pipelines.association.tracklets import Floats, Indices, Sightings


@dataclass(frozen=True)
class Stay:
    """Somebody on one floor on one day: smoothed places `times_s` (n,), `xy_m` (n, 2), a row each step.

    `rows` are the moments, as positions 0.. in `link_gain` (k,) and `fuse_score` (k,), at which each tracklet (by index)
    saw them; the scores are log-likelihood ratios of the link from the moment before and of the fusing at the moment;
    `moments_s` (k,) when that was.
    """

    floor: int
    day: date
    times_s: Floats
    xy_m: Floats
    rows: Mapping[int, Indices]
    link_gain: Floats
    fuse_score: Floats
    moments_s: Floats


def stays(
    ways: Sequence[Way], seen: Sightings, fused: Fused, floor: int, day_of: Callable[[float], date], step_s: float
) -> list[Stay]:
    """The ways cut at local midnights; parts of a single moment are left out."""
    order = np.argsort(fused.member, kind="stable")
    sightings_of = np.split(order, np.searchsorted(fused.member[order], np.arange(1, len(fused))))
    found = []
    for way in ways:
        for day, first_s, last_s in _days(way, day_of):
            inside = (way.times_s >= first_s) & (way.times_s <= last_s)
            moment_s = np.asarray(fused.tick[way.fused] * step_s, dtype=np.float64)
            moments = np.flatnonzero((moment_s >= first_s - 1e-6) & (moment_s <= last_s + 1e-6))
            if inside.sum() < 2 or not len(moments):
                continue
            fused_rows = way.fused[moments]
            rows = _rows_by_tracklet([seen.tracklet[sightings_of[row]] for row in fused_rows])
            scores = way.link_gain[moments], fused.score[fused_rows]
            found.append(Stay(floor, day, way.times_s[inside], way.xy_m[inside], rows, *scores, moment_s[moments]))
    return found


def _days(way: Way, day_of: Callable[[float], date]) -> Iterator[tuple[date, float, float]]:
    first, last = way.times_s[0], way.times_s[-1]
    if day_of(first) == day_of(last):
        yield day_of(first), first, last
        return
    days = [day_of(time_s) for time_s in way.times_s]
    for day in sorted(set(days)):
        own = way.times_s[[one == day for one in days]]
        yield day, own[0], own[-1]


def _rows_by_tracklet(moments: Sequence[Indices]) -> dict[int, Indices]:
    tracklet = np.concatenate(moments)
    position = np.repeat(np.arange(len(moments)), [len(one) for one in moments])
    return {int(one): position[tracklet == one] for one in np.unique(tracklet)}
