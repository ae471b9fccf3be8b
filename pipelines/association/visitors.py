"""Which of the followed figures are visitors: not shadows or doubles of others, not things, not errors of a moment."""

from collections.abc import Iterable, Sequence

import numpy as np

from pipelines.association.stays import Stay
from pipelines.association.tracklets import Tracklet

SHORTEST_S = 3.0
"""Who is seen for less is more likely an error than a visitor."""
STILL_S, STILL_M, DOUBTFUL = 20.0, 1.0, 0.6
"""Visitors move; what keeps within so many metres (three quarters of the time) for so long, and is detected with no more
confidence, is a thing."""
MOMENT_S = 6.0
"""Who is seen for less walks through the view: what does not move, and is as doubtful, is an error of a few moments."""
DOUBLE_M = 1.0
"""A body's reach: nearer than this a second figure that one camera alone sees is a second box around the first."""


def visitors(found: Sequence[Stay], ordered: Sequence[Tracklet]) -> list[Stay]:
    """The stays of visitors; who owns no tracklet is a shadow.

    A shadow is made of moments at which a camera misplaced somebody whose tracklet, as a whole, belongs to another stay:
    foot hidden, box cut or doubled.
    """
    owner = owners(found)
    own = [
        [ordered[tracklet] for tracklet in stay.rows if owner[tracklet] == number] for number, stay in enumerate(found)
    ]
    return [
        stay
        for stay, tracklets in zip(found, own, strict=True)
        if tracklets
        and _seconds(stay) >= SHORTEST_S
        and not _is_thing(stay, tracklets)
        and not _is_double(stay, tracklets, zip(found, own, strict=True))
    ]


def owners(found: Sequence[Stay]) -> dict[int, int]:
    """To which stay each tracklet belongs: the one with most of its ticks, the earlier one if equal."""
    best: dict[int, tuple[int, int]] = {}
    for number, stay in enumerate(found):
        for tracklet, rows in stay.rows.items():
            best[tracklet] = max(best.get(tracklet, (0, 0)), (len(rows), -number))
    return {tracklet: -number for tracklet, (_, number) in best.items()}


def _is_thing(stay: Stay, own: Sequence[Tracklet]) -> bool:
    """Whether this is a mannequin, a plant or a poster: one camera alone sees it, in doubt, and it never moves.

    For how long says nothing between a few moments and `STILL_S`: people do stand still.
    """
    if len(_cameras(own)) > 1 or MOMENT_S <= _seconds(stay) < STILL_S:
        return False
    away_m = np.linalg.norm(stay.xy_m - np.median(stay.xy_m, axis=0), axis=1)
    confidence = np.nanmean(np.concatenate([tracklet.confidence for tracklet in own]))
    return bool(np.quantile(away_m, 0.75) < STILL_M and confidence < DOUBTFUL)


def _is_double(stay: Stay, own: Sequence[Tracklet], everybody: Iterable[tuple[Stay, Sequence[Tracklet]]]) -> bool:
    """Whether this is a second box around another, who is there for longer.

    One camera alone sees it, mostly within a body's reach of the other, whom another camera sees meanwhile.
    """
    cameras = _cameras(own)
    return len(cameras) == 1 and any(
        _seconds(other) > _seconds(stay)
        and not _cameras(_meanwhile(stay, of_other)) <= cameras
        and _distance_m(stay, other) < DOUBLE_M
        for other, of_other in everybody
    )


def _meanwhile(stay: Stay, tracklets: Sequence[Tracklet]) -> list[Tracklet]:
    start_s, end_s = stay.times_s[0], stay.times_s[-1]
    return [one for one in tracklets if one.first_seen_s <= end_s and one.last_seen_s >= start_s]


def _distance_m(stay: Stay, other: Stay) -> float:
    """The median distance over the time of the first, infinite where the other is not there."""
    there = [np.interp(stay.times_s, other.times_s, axis, left=np.inf, right=np.inf) for axis in other.xy_m.T]
    return float(np.median(np.hypot(*(stay.xy_m.T - there))))


def _cameras(tracklets: Sequence[Tracklet]) -> set[str]:
    return {tracklet.camera_id for tracklet in tracklets}


def _seconds(stay: Stay) -> float:
    return float(stay.times_s[-1] - stay.times_s[0])
