"""When and where people came and went: between two pictures, the one that shows them and the one before or after, that does not.

A path from the first sight to the last is short of one step between pictures, in the mean half a step at each end: 5 % of the way of
somebody who walks 50 m while a picture is looked at every other second.
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.vision.tracker.smoothing import AT_ENDS
from models.world.paths import Path
from pipelines.association.stays import Stay
from pipelines.association.tracklets import Floats, Tracklet

BORDERS_S = 900.0
"""Nobody's way goes on past a full quarter of an hour: hours, and days in every time zone, begin and end there and are loaded apart."""
LOOKED = 3
"""The shortest of so many gaps between the moments next to an end is how often was looked there."""
UNSEEN_S = 4.0
"""Who is seen by no camera for longer than this is out of sight: longer than a picture or two in which a detector misses somebody."""


def paths(stays: Sequence[Stay], ordered: Sequence[Tracklet]) -> tuple[Path, ...]:
    """The paths of a person's stays, by time: each straight on for `AT_ENDS` of the step between pictures before its first and after its
    last moment, within what the cameras that saw them there recorded, the quarter of an hour, and that share of the time between stays.
    """
    away_s = [AT_ENDS * (other.times_s[0] - one.times_s[-1]) for one, other in itertools.pairwise(stays)]
    reaches_s = itertools.pairwise([np.inf, *away_s, np.inf])
    return tuple(_whole(stay, ordered, *reach_s) for stay, reach_s in zip(stays, reaches_s, strict=True))


def _whole(stay: Stay, ordered: Sequence[Tracklet], before_s: float, after_s: float) -> Path:
    """The path of a stay that reaches at most so far before and after it."""
    moments_s, last = np.unique(stay.moments_s), len(stay.moments_s) - 1
    gaps_s = np.diff(moments_s)
    starts_s = [ordered[one].recorded_s[0] for one, rows in stay.rows.items() if rows[0] == 0]
    ends_s = [ordered[one].recorded_s[1] for one, rows in stay.rows.items() if rows[-1] == last]
    first_s, last_s = stay.times_s[[0, -1]]
    quarter_s = np.floor(first_s / BORDERS_S) * BORDERS_S, np.ceil(last_s / BORDERS_S) * BORDERS_S
    begin_s = max(first_s - AT_ENDS * _step_s(gaps_s), min(starts_s), quarter_s[0], first_s - before_s)
    end_s = min(last_s + AT_ENDS * _step_s(gaps_s[::-1]), max(ends_s), quarter_s[1], last_s + after_s)
    return replace(_reaching(stay, begin_s, end_s), unseen_s=_unseen_s(moments_s, gaps_s))


def _unseen_s(moments_s: Floats, gaps_s: Floats) -> Floats:
    """From when to when, (k, 2), nobody saw who was seen at these moments: out of sight as long after and before them as at ends."""
    lost = np.flatnonzero(gaps_s > UNSEEN_S)
    after_s = [AT_ENDS * _step_s(gaps_s[:one][::-1]) for one in lost]
    before_s = [AT_ENDS * _step_s(gaps_s[one + 1 :]) for one in lost]
    return np.column_stack([moments_s[lost] + after_s, moments_s[lost + 1] - before_s])


def _step_s(gaps_s: Floats) -> float:
    """How often was looked where these gaps begin; 0 if that is not known."""
    return float(gaps_s[:LOOKED].min()) if len(gaps_s) else 0.0


def _reaching(stay: Stay, begin_s: float, end_s: float) -> Path:
    times_s, xy_m = [stay.times_s], [stay.xy_m]
    if begin_s < stay.times_s[0]:
        times_s, xy_m = [np.array([begin_s]), *times_s], [_beyond(stay, 0, 1, begin_s), *xy_m]
    if end_s > stay.times_s[-1]:
        times_s, xy_m = [*times_s, np.array([end_s])], [*xy_m, _beyond(stay, -1, -2, end_s)]
    return Path(stay.floor, np.concatenate(times_s), np.concatenate(xy_m))


def _beyond(stay: Stay, end: int, inner: int, at_s: float) -> Floats:
    """The place, (1, 2) m, at a time beyond an end: straight on at the speed of the last step."""
    velocity = (stay.xy_m[end] - stay.xy_m[inner]) / (stay.times_s[end] - stay.times_s[inner])
    return np.asarray(stay.xy_m[[end]] + velocity * (at_s - stay.times_s[end]))
