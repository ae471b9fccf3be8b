"""Whether calibrations still fit, told by the people who walk through: a camera that was moved puts them elsewhere.

Three things that do not depend on who walks: people are about as high near the camera and far from it, they walk at about 1.3 m/s,
and two cameras that see the same spot see people at the same place there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from models.world.places import Camera, Floats
from models.world.poses import Pose, heights_m, pose
from pipelines.association.tracklets import Tracklet

HEIGHTS_M = (1.5, 1.95)
"""The middle height of people, boxes as loose as a detector's included."""
NEAR_TO_FAR = (0.88, 1.14)
"""The middle height of people near a camera by that of those far from it."""
SPEEDS_M_S = (0.8, 1.9)
"""The middle speed of those who walk."""
APART_M = 0.5
"""By how much two cameras may put the same people apart, in the middle."""
ENOUGH = 20
"""People by whom a height or a speed, or pairs of sightings by which an agreement, is judged; with fewer there is no judgement."""
WALKING_M_S = 0.5
_STEP_S = 2.0
_REACH_M = 3.0
_RIM_PX = 3.0


@dataclass(frozen=True)
class Agreement:
    """How another camera sees the same people: `offset_m` (2,) is where it puts them from here, in the middle of `pairs` pairs."""

    camera: str
    offset_m: tuple[float, float]
    pairs: int

    @property
    def apart_m(self) -> float:
        """The length of the offset."""
        return float(np.hypot(*self.offset_m))


@dataclass(frozen=True)
class Checked:
    """What people tell of one camera: None where too few do. `reasons` say why it seems moved; none if it fits."""

    camera: str
    people: int
    height_m: float | None
    near_to_far: float | None
    speed_m_s: float | None
    agreements: tuple[Agreement, ...] = ()
    reasons: tuple[str, ...] = field(default=())

    @property
    def judged(self) -> bool:
        """Whether there was enough to judge by."""
        return self.height_m is not None or self.speed_m_s is not None or bool(self.agreements)


@dataclass(frozen=True)
class _Seen:
    """Sightings of one camera: time s, place m, box px, height m (nan where not known) and number of the tracklet."""

    camera: Camera
    time_s: Floats
    xy_m: Floats
    height_m: Floats
    range_m: Floats
    tracklet: NDArray[np.int64]


def check(cameras: Sequence[Camera], tracklets: Iterable[Tracklet]) -> list[Checked]:
    """What the tracklets tell of each calibrated camera, in their order. Places are taken anew from boxes and calibrations."""
    own: Mapping[str, list[Tracklet]] = {camera.id: [] for camera in cameras if camera.calibration is not None}
    for tracklet in tracklets:
        if tracklet.camera_id in own:
            own[tracklet.camera_id].append(tracklet)
    seen = [_seen(camera, own[camera.id]) for camera in cameras if camera.id in own]
    offsets = {
        (a, b): agreement
        for a, one in enumerate(seen)
        for b, other in enumerate(seen)
        if a != b and one.camera.floor == other.camera.floor and (agreement := _agreement(one, other)) is not None
    }
    alone = [_alone(one, [offsets[pair] for pair in offsets if pair[0] == number]) for number, one in enumerate(seen)]
    return _blamed(alone, offsets)


def _seen(camera: Camera, tracklets: Sequence[Tracklet]) -> _Seen:
    assert camera.calibration is not None, "only calibrated cameras are checked"
    sure = [~np.isnan(one.confidence) for one in tracklets]
    boxes = np.concatenate(
        [np.zeros((0, 4)), *(one.boxes_px[rows] for one, rows in zip(tracklets, sure, strict=True))]
    ).astype(np.float64)
    time_s = np.concatenate([np.zeros(0), *(one.taken_at_s[rows] for one, rows in zip(tracklets, sure, strict=True))])
    number = np.repeat(np.arange(len(tracklets)), [int(rows.sum()) for rows in sure])
    whole = (boxes[:, 1] > _RIM_PX) & (boxes[:, 3] < camera.height_px - _RIM_PX)
    boxes, time_s, number = boxes[whole], time_s[whole], number[whole]
    floor = camera.calibration.to_floor(np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]]))
    kept = np.isfinite(floor).all(axis=1)
    boxes, time_s, number, floor = boxes[kept], time_s[kept], number[kept], floor[kept]
    hung = pose(camera.calibration, camera.width_px, camera.height_px)
    height, range_m = _heights(hung, camera, boxes, floor)
    return _Seen(camera, time_s, floor, height, range_m, number)


def _heights(hung: Pose | None, camera: Camera, boxes_px: Floats, floor_m: Floats) -> tuple[Floats, Floats]:
    if hung is None or camera.calibration is None:
        nothing = np.full(len(boxes_px), np.nan)
        return nothing, nothing
    return heights_m(hung, camera.calibration, boxes_px), np.linalg.norm(floor_m - hung.eye_m[:2], axis=1)


def _alone(seen: _Seen, agreements: Sequence[Agreement]) -> Checked:
    people = len(np.unique(seen.tracklet))
    height = near_to_far = None
    known = np.isfinite(seen.height_m)
    if people >= ENOUGH and known.any():
        height = float(np.median(_of_each(seen.height_m[known], seen.tracklet[known])))
        near = known & (seen.range_m < np.median(seen.range_m[known]))
        near_to_far = float(np.median(seen.height_m[near]) / np.median(seen.height_m[known & ~near]))
    return Checked(seen.camera.id, people, height, near_to_far, _speed(seen), tuple(agreements))


def _of_each(values: Floats, tracklet: NDArray[np.int64]) -> Floats:
    """The median of each tracklet."""
    order = np.argsort(tracklet, kind="stable")
    parts = np.split(values[order], np.flatnonzero(np.diff(tracklet[order])) + 1)
    return np.array([np.median(part) for part in parts])


def _speed(seen: _Seen) -> float | None:
    """The median speed of those who walk, over steps of about `_STEP_S`."""
    speeds = [_speeds(seen.time_s[rows], seen.xy_m[rows]) for rows in _rows_of_each(seen.tracklet)]
    walking = [float(np.median(of_one[of_one > WALKING_M_S])) for of_one in speeds if (of_one > WALKING_M_S).any()]
    return float(np.median(walking)) if len(walking) >= ENOUGH else None


def _rows_of_each(tracklet: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    order = np.argsort(tracklet, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(tracklet[order])) + 1) if len(order) else []


def _speeds(time_s: Floats, xy_m: Floats) -> Floats:
    later = np.searchsorted(time_s, time_s + _STEP_S - 1e-6)
    rows = np.flatnonzero(later < len(time_s))
    took_s = time_s[later[rows]] - time_s[rows]
    near = took_s <= 2 * _STEP_S
    return np.asarray((np.linalg.norm(xy_m[later[rows]] - xy_m[rows], axis=1) / took_s)[near])


def _agreement(one: _Seen, other: _Seen) -> Agreement | None:
    """The middle offset of sightings of the same second that are each other's nearest within `_REACH_M`."""
    offsets: list[Floats] = []
    ticks = (np.round(one.time_s).astype(np.int64), np.round(other.time_s).astype(np.int64))
    for tick in np.intersect1d(*ticks):
        here, there = one.xy_m[ticks[0] == tick], other.xy_m[ticks[1] == tick]
        nearest_there = cKDTree(there).query(here)
        nearest_here = cKDTree(here).query(there)[1]
        mutual = (nearest_here[nearest_there[1]] == np.arange(len(here))) & (nearest_there[0] <= _REACH_M)
        offsets += list(there[nearest_there[1][mutual]] - here[mutual])
    if len(offsets) < ENOUGH:
        return None
    x, y = np.median(np.array(offsets), axis=0)
    return Agreement(other.camera.id, (float(x), float(y)), len(offsets))


def _blamed(alone: Sequence[Checked], offsets: Mapping[tuple[int, int], Agreement]) -> list[Checked]:
    """The reasons against each camera. Of two that disagree it is the one that disagrees with more of its neighbours, or whose
    people are of an odd height; where nothing tells, both are named.
    """
    reasons = {number: _odd(one) for number, one in enumerate(alone)}
    apart = {pair for pair, agreement in offsets.items() if agreement.apart_m > APART_M and pair[0] < pair[1]}
    while apart:
        counts = {n: sum(n in pair for pair in apart) for pair in apart for n in pair}
        shares = {n: counts[n] / sum(n == pair[0] for pair in offsets) for n in counts}
        worst = max((counts[n], shares[n], len(reasons[n])) for n in counts)
        guilty = [n for n in counts if (counts[n], shares[n], len(reasons[n])) == worst]
        for n in guilty:
            others = sorted({m for pair in apart if n in pair for m in pair} - {n})
            reasons[n] += [_disagrees(alone[n], alone[m].camera, unsure=len(guilty) > 1) for m in others]
        apart = {pair for pair in apart if not set(pair) & set(guilty)}
    return [
        Checked(one.camera, one.people, one.height_m, one.near_to_far, one.speed_m_s, one.agreements, tuple(reasons[n]))
        for n, one in enumerate(alone)
    ]


def _disagrees(one: Checked, other: str, *, unsure: bool) -> str:
    apart_m = next(agreement.apart_m for agreement in one.agreements if agreement.camera == other)
    text = f"{other} sees the same people {apart_m:.2f} m away (up to {APART_M} m is usual)"
    return f"{text}; one of the two was moved" if unsure else text


def _odd(one: Checked) -> list[str]:
    limits = (
        ("people are {:.2f} m high", one.height_m, HEIGHTS_M),
        ("people near it are {:.2f} times as high as those far from it", one.near_to_far, NEAR_TO_FAR),
        ("people walk at {:.2f} m/s", one.speed_m_s, SPEEDS_M_S),
    )
    return [
        f"{text.format(value)} ({low} to {high} is usual)"
        for text, value, (low, high) in limits
        if value is not None and not low <= value <= high
    ]
