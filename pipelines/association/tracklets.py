"""Tracklets as association sees them, and their sightings on a common clock."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import DetectionTable
from models.vision.tracker.identity import main_axes
from models.vision.tracker.placing import floor_area_m2, place
from models.world.places import Camera
from pipelines.association.pairs import groups

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Indices = NDArray[np.intp]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Tracklet:
    """One person in one camera without a break.

    Rows are its samples in order of time: `taken_at_s` (n,) epoch s, `boxes_px` (n, 4) xyxy, `confidence` (n,), nan where
    interpolated, `xy_m` (n, 2) smoothed place; `looks` (n, d) unit vectors of how the person looks, nan where not known
    (d may be 0). `evidence` is what the person wears. `recorded_s` is the window, epoch s, of the recording that it comes from.
    """

    tracklet_id: uuid.UUID
    segment_id: uuid.UUID
    camera_id: str
    taken_at_s: Floats
    boxes_px: Floats32
    confidence: Floats32
    xy_m: Floats
    looks: Floats32 = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    evidence: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    recorded_s: tuple[float, float] = (-np.inf, np.inf)

    @property
    def first_seen_s(self) -> float:
        """Epoch seconds of its first sample."""
        return float(self.taken_at_s[0])

    @property
    def last_seen_s(self) -> float:
        """Epoch seconds of its last sample."""
        return float(self.taken_at_s[-1])


def in_order(tracklets: Sequence[Tracklet]) -> list[Tracklet]:
    """By first sight, then camera, then id: whatever order they came in, one order goes out."""
    return sorted(tracklets, key=lambda one: (one.first_seen_s, one.camera_id, one.tracklet_id))


@dataclass(frozen=True)
class Sightings:
    """n detections of all cameras of one floor, at most one of a tracklet at each tick of the common clock.

    `tracklet` (n,) index of the tracklet; `camera` (n,) number of the camera; `tick` (n,) multiples of the step since the
    epoch, ascending; `xy_m` (n, 2), `noise_m2` (n, 2, 2) the place there; `strength` (n,) log odds of a person;
    `log_room` (n,) log of the floor, in m2, that each person has in the view of its camera; `looks` (n, c) what tells people
    apart by their looks, on its main axes and free of its camera's cast, 0 where not known (c may be 0).
    """

    tracklet: Indices
    camera: Ints
    tick: Ints
    xy_m: Floats
    noise_m2: Floats
    strength: Floats
    log_room: Floats
    looks: Floats

    def __len__(self) -> int:
        return len(self.tick)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Sightings":
        """Some of the rows, by index or mask."""
        return Sightings(**{name: column[rows] for name, column in vars(self).items()})


def sightings(tracklets: Sequence[Tracklet], cameras: Sequence[Camera], step_s: float) -> Sightings:
    """What the tracklets' detections say, placed anew from their boxes and moved to the nearest tick.

    Smoothed places would not do: their errors last, and fusing several of them would be far too sure.
    """
    seen = [
        _of_camera(
            number, camera, [i for i, one in enumerate(tracklets) if one.camera_id == camera.id], tracklets, step_s
        )
        for number, camera in enumerate(cameras)
    ]
    joined = Sightings(**{name: np.concatenate([vars(part)[name] for part in seen]) for name in vars(seen[0])})
    joined = replace(joined, looks=main_axes(without_cast(joined.looks, joined.camera)))
    return joined.take(np.lexsort((joined.tracklet, joined.tick)))


def _of_camera(
    number: int, camera: Camera, own: Sequence[int], tracklets: Sequence[Tracklet], step_s: float
) -> Sightings:
    rows = [np.flatnonzero(~np.isnan(tracklets[i].confidence)) for i in own]
    index = np.repeat(np.array(own, dtype=np.intp), [len(kept) for kept in rows])
    table = DetectionTable(
        _stacked([tracklets[i].taken_at_s[kept] for i, kept in zip(own, rows, strict=True)], ()),
        np.zeros(len(index), dtype=np.int32),
        _stacked([tracklets[i].boxes_px[kept] for i, kept in zip(own, rows, strict=True)], (4,)).astype(np.float32),
        _stacked([tracklets[i].confidence[kept] for i, kept in zip(own, rows, strict=True)], ()).astype(np.float32),
    )
    velocity = _stacked([_velocity(tracklets[i])[kept] for i, kept in zip(own, rows, strict=True)], (2,))
    assert camera.calibration is not None, "only cameras with a calibration have places on the floor"
    placed = place(table, camera.calibration, (camera.width_px, camera.height_px))
    tick = np.round(placed.time_s / step_s).astype(np.int64)
    late_s = placed.time_s - tick * step_s
    moved = placed.xy_m - velocity[placed.row] * late_s[:, None]
    seen = Sightings(
        tracklet=index[placed.row],
        camera=np.full(len(placed), number, dtype=np.int64),
        tick=tick,
        xy_m=moved,
        noise_m2=placed.noise_m2,
        strength=placed.strength,
        log_room=np.full(len(placed), log_room(floor_area_m2(placed), placed.sample)),
        looks=_looks(tracklets, own, rows)[placed.row],
    )
    return seen.take(_nearest_to_tick(seen, late_s))


def _looks(tracklets: Sequence[Tracklet], own: Sequence[int], rows: Sequence[Indices]) -> Floats:
    """The looks of the chosen rows of a camera's tracklets, (n, d), nan where not known; d is that of all tracklets."""
    axes = max((one.looks.shape[1] for one in tracklets), default=0)
    parts = [
        tracklets[i].looks[kept] if axes and tracklets[i].looks.shape[1] == axes else np.full((len(kept), axes), np.nan)
        for i, kept in zip(own, rows, strict=True)
    ]
    return _stacked(parts, (axes,))


def without_cast(looks: Floats, camera: Ints) -> Floats:
    """The looks less the mean of their camera, whose light and white balance colour everybody alike; 0 where not known."""
    free, is_known = looks.copy(), np.asarray(np.isfinite(looks).all(axis=1))
    for own in groups(camera):
        known = own[is_known[own]]
        free[own] -= looks[known].mean(axis=0) if len(known) else 0.0
    return np.nan_to_num(free, copy=False)


def _nearest_to_tick(seen: Sightings, late_s: Floats) -> Indices:
    order = np.lexsort((np.abs(late_s), seen.tracklet, seen.tick))
    keys = np.column_stack([seen.tick, seen.tracklet])[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(keys, axis=0) != 0).any(axis=1)
    return order[first]


def log_room(area_m2: float, sample: Indices) -> float:
    """Log of the floor, m2, that each of the people of a usual sample, (n,) sample numbers, has."""
    people = float(np.median(np.bincount(sample))) if len(sample) else 1.0
    return float(np.log(area_m2 / people))


def _velocity(tracklet: Tracklet) -> Floats:
    if len(tracklet.taken_at_s) < 2:
        return np.zeros((len(tracklet.taken_at_s), 2))
    return np.asarray(np.gradient(tracklet.xy_m, tracklet.taken_at_s, axis=0))


def _stacked(parts: list[NDArray[np.floating]], shape: tuple[int, ...]) -> Floats:
    return np.concatenate([np.zeros((0, *shape)), *parts])
