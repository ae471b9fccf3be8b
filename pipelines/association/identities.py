"""Who is who among single-camera detections on the floor, whatever their cameras: what association does, without tracklets.

The same steps as `pipelines.associate`: fuse what overlapping cameras see at one moment, follow people over the floor, join their
ways over blind areas, first by place and then knowing how looks differ.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import identity, motion, placing
from models.vision.tracker.heights import relative_height, tallness
from pipelines.association import place_errors, returning
from pipelines.association.following import followed
from pipelines.association.pairs import groups
from pipelines.association.tracklets import Floats, Sightings, log_room, without_cast
from pipelines.association.visits import Visits
from pipelines.floor_detections import NOBODY, FloorDetections, Integers

Progress = Callable[[int, int], None]
PLACE_ERROR_M = 0.25
"""Standard deviation of a place, each way, before anything is learned."""

MANY = 100_000
"""With so many detections each floor is worth a process."""
USUAL_M = 1.7
"""How tall people are."""


def identify(given: FloorDetections, progress: Progress | None = None) -> NDArray[np.int64]:
    """The person behind each detection, (n,), numbered from 0 by first sight; `NOBODY` where it is nobody's."""
    step_s = given.step_s or 1.0
    shares = _relative_heights(given)
    per_px_m = USUAL_M * shares / given.height_px
    looks = identity.main_axes(without_cast(given.embedding.astype(np.float64), given.camera))
    looks = np.column_stack([tallness(shares), looks])
    way_of = np.full(len(given), NOBODY, dtype=np.int64)
    floors = [_on_floor(given, floor, step_s) for floor in range(len(given.floors))]
    tasks = [(_sightings(given, rows, looks, step_s), per_px_m[rows], step_s) for rows in floors]
    for done, (rows, ways) in enumerate(zip(floors, _all_followed(tasks, len(given)), strict=True), 1):
        way_of[rows] = np.where(ways == NOBODY, NOBODY, ways + way_of.max(initial=NOBODY) + 1)
        if progress is not None:
            progress(done, len(floors))
    somebody = way_of != NOBODY
    person = np.append(returning.joined(_visits(given, looks, way_of)).person, NOBODY)
    return np.where(somebody, person[way_of], NOBODY)


def _on_floor(given: FloorDetections, floor: int, step_s: float) -> NDArray[np.intp]:
    """The rows of a floor, by tick, camera and place."""
    rows = np.flatnonzero(given.floor == floor)
    return rows[np.lexsort((*given.xy_m[rows].T, given.camera[rows], np.round(given.time_s[rows] / step_s)))]


def _all_followed(tasks: Sequence[tuple[Sightings, Floats, float]], detections: int) -> Iterator[Integers]:
    """`_followed` for each floor; in processes of their own, if there are `MANY` detections."""
    if detections < MANY or len(tasks) < 2:
        yield from (_followed(*task) for task in tasks)
        return
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        largest_first = sorted(range(len(tasks)), key=lambda number: -len(tasks[number][0]))
        waiting = {number: pool.submit(_followed, *tasks[number]) for number in largest_first}
        yield from (waiting[number].result() for number in range(len(tasks)))


def _followed(seen: Sightings, per_px_m: Floats, step_s: float) -> Integers:
    """The way that each sighting of a floor belongs to, (n,), numbered from 0; `NOBODY` where it is nobody's."""
    fused, ways = followed(place_errors.learned(seen, per_px_m), step_s, manoeuvres=motion.MANOEUVRES, independent=1)
    owner = np.full(len(fused), NOBODY, dtype=np.int64)
    for number, way in enumerate(ways):
        owner[way.fused] = number
    return owner[fused.member]


def _relative_heights(given: FloorDetections) -> Floats:
    """How tall people look for their place, (n,), as a share of the usual of their camera."""
    shares = np.ones(len(given))
    for rows in groups(given.camera):
        shares[rows] = relative_height(given.height_px[rows], given.xy_m[rows])
    return shares


def _sightings(given: FloorDetections, rows: NDArray[np.intp], looks: Floats, step_s: float) -> Sightings:
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
        looks=looks[rows],
    )


def _log_rooms(camera: Integers, tick: Integers, xy_m: Floats) -> Floats:
    """Log of the floor, m2, that each person has in the view of the camera, (n,)."""
    rooms = np.zeros(len(camera))
    for number in np.unique(camera):
        own = camera == number
        rooms[own] = log_room(placing.spread_area_m2(xy_m[own]), np.unique(tick[own], return_inverse=True)[1])
    return rooms


def _visits(given: FloorDetections, looks: Floats, way_of: Integers) -> Visits:
    """The ways, numbered 0.. in `way_of` (n,), as visits of what the cameras see."""
    rows = np.flatnonzero(way_of != NOBODY)
    rows = rows[np.lexsort((given.camera[rows], given.time_s[rows], way_of[rows]))]
    edges = np.flatnonzero(np.diff(way_of[rows], prepend=NOBODY, append=NOBODY))
    first, last, count = rows[edges[:-1]], rows[edges[1:] - 1], np.diff(edges)
    sums = np.add.reduceat(looks[rows], edges[:-1], axis=0) if len(rows) else looks[rows]
    floor, middle_m = np.zeros(len(given.cameras), dtype=np.int64), np.zeros((len(given.cameras), 2))
    floor[given.camera] = given.floor
    for own in groups(given.camera):
        middle_m[given.camera[own[0]]] = given.xy_m[own].mean(axis=0)
    return Visits(
        start_s=given.time_s[first],
        end_s=given.time_s[last],
        first_camera=given.camera[first],
        last_camera=given.camera[last],
        looks=sums / count[:, None],
        floor=floor,
        xy_m=middle_m,
    )
