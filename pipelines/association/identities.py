"""Who is who among single-camera detections on the floor, whatever their cameras: what association does, without tracklets.

The same steps as `pipelines.associate`: fuse what overlapping cameras see at one moment, follow people over the floor, join their
ways over blind areas, first by place and then knowing how looks differ.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import identity, motion, placing
from pipelines.association.following import followed
from pipelines.association.tracklets import Floats, Sightings, log_room, without_cast
from pipelines.floor_detections import NOBODY, FloorDetections, Integers

Progress = Callable[[int, int], None]
PLACE_ERROR_M = 0.25
"""Standard deviation of a place, each way, before anything is learned."""


def identify(given: FloorDetections, progress: Progress | None = None) -> NDArray[np.int64]:
    """The person behind each detection, (n,), numbered from 0 by first sight; `NOBODY` where it is nobody's."""
    step_s = sampling_step_s(given)
    found = np.full(len(given), NOBODY, dtype=np.int64)
    number = 0
    for done, floor in enumerate(range(len(given.floors))):
        rows = np.flatnonzero(given.floor == floor)
        rows = rows[np.lexsort((*given.xy_m[rows].T, given.camera[rows], np.round(given.time_s[rows] / step_s)))]
        seen = _sightings(given, rows, step_s)
        fused, ways = followed(seen, step_s)
        owner = np.full(len(fused), NOBODY, dtype=np.int64)
        for way in ways:
            owner[way.fused] = number
            number += 1
        found[rows] = owner[fused.member]
        if progress is not None:
            progress(done + 1, len(given.floors))
    return found


def sampling_step_s(given: FloorDetections) -> float:
    """The median time between neighbouring frames of a camera, 1 s where there are none."""
    order = np.lexsort((given.time_s, given.camera))
    waits_s = np.diff(given.time_s[order])[np.diff(given.camera[order]) == 0]
    return float(np.median(waits_s[waits_s > 0])) if (waits_s > 0).any() else 1.0


def _sightings(given: FloorDetections, rows: NDArray[np.intp], step_s: float) -> Sightings:
    """The detections `rows`, in order of ticks, as sightings; each is a tracklet of its own."""
    tick = np.round(given.time_s[rows] / step_s).astype(np.int64)
    late_s = given.time_s[rows] - tick * step_s
    noise_m2 = PLACE_ERROR_M**2 + motion.SPEED_VARIANCE * late_s**2
    camera = given.camera[rows]
    return Sightings(
        tracklet=rows,
        camera=camera,
        tick=tick,
        xy_m=given.xy_m[rows],
        noise_m2=noise_m2[:, None, None] * np.eye(2),
        strength=placing.strength(given.confidence[rows]),
        log_room=_log_rooms(camera, tick, given.xy_m[rows]),
        looks=identity.main_axes(without_cast(given.embedding[rows].astype(np.float64), camera)),
    )


def _log_rooms(camera: Integers, tick: Integers, xy_m: Floats) -> Floats:
    """Log of the floor, m2, that each person has in the view of the camera, (n,)."""
    rooms = np.zeros(len(camera))
    for number in np.unique(camera):
        own = camera == number
        rooms[own] = log_room(placing.spread_area_m2(xy_m[own]), np.unique(tick[own], return_inverse=True)[1])
    return rooms
