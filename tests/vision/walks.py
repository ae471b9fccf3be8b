"""People who walk over a floor before a slanted camera, as detections: made for the tracker's tests."""

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import DetectionTable
from models.world.places import calibrate

Floats = NDArray[np.float64]
PICTURE = (640, 384)
CAMERA = calibrate(
    [(20.0, 380.0), (620.0, 380.0), (440.0, 60.0), (200.0, 60.0)], [(0.0, 0.0), (10.0, 0.0), (10.0, 18.0), (0.0, 18.0)]
)


def boxes_of(floor_m: Floats, height_m: float = 1.7) -> Floats:
    """Boxes, (n, 4) xyxy px, of people who stand at `floor_m` (n, 2)."""
    feet = CAMERA.to_picture(floor_m)
    half = np.array([0.5, 0.0])
    metre = np.linalg.norm(CAMERA.to_picture(floor_m + half) - CAMERA.to_picture(floor_m - half), axis=1)
    left_top = feet - np.column_stack([0.25 * metre, height_m * metre])
    return np.column_stack([left_top, feet + np.column_stack([0.25 * metre, 0 * metre])])


def seen(
    walks_m: list[Floats], step_s: float = 1.0, *, seed: int = 0, miss: float = 0.0, start: int = 0
) -> DetectionTable:
    """Detections of walks, each (samples, 2) m with nan where not seen; box edges shake by 2 % of the height."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[float, ...]] = []
    for person, walk in enumerate(walks_m):
        boxes = boxes_of(walk, 1.6 + 0.05 * (person % 5))
        boxes += rng.normal(0, 0.02, boxes.shape) * (boxes[:, 3:] - boxes[:, 1:2])
        found = np.flatnonzero(np.isfinite(walk[:, 0]) & (rng.random(len(walk)) >= miss))
        rows += [(start + sample, *boxes[sample], 0.9) for sample in found]
    return table(rows, step_s)


def table(rows: list[tuple[float, ...]], step_s: float = 1.0) -> DetectionTable:
    """Rows of sample, left, top, right, bottom, confidence."""
    columns = np.array(rows, dtype=np.float64).reshape(-1, 6)
    return DetectionTable(
        columns[:, 0] * step_s,
        (columns[:, 0] + 1).astype(np.int32),
        columns[:, 1:5].astype(np.float32),
        columns[:, 5].astype(np.float32),
    )


def taken(detections: DetectionTable, rows: NDArray[np.intp]) -> DetectionTable:
    """Some rows of a table, in the given order."""
    return DetectionTable(
        **{name: None if column is None else column[rows] for name, column in vars(detections).items()}
    )


def crowd(people: int, samples: int, *, seed: int, step_s: float = 1.0) -> list[Floats]:
    """Walks of people who go back and forth over the floor at speeds of their own, (samples, 2) each."""
    rng, times = np.random.default_rng(seed), np.arange(samples) * step_s
    walks = []
    for _ in range(people):
        start, velocity = rng.uniform(0, 1, 2), rng.uniform(-1.3, 1.3, 2) / [10, 18]
        folded = np.abs((start + times[:, None] * velocity + 1) % 2 - 1)
        walks.append(folded * [9, 15] + [0.5, 1.5])
    return walks


def straight(start_m: tuple[float, float], end_m: tuple[float, float], samples: int) -> Floats:
    """An even walk from one place to another, (samples, 2) m."""
    return np.linspace(start_m, end_m, samples)
