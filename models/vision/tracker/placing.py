"""Detections placed on the floor, with how sure the place is."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker.tables import DetectionTable
from models.world.places import Calibration

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
MIN_CONFIDENCE = 0.2
MAX_OVERLAP = 0.6
"""A box that overlaps a better one by a larger IoU shows the same person."""
FOOT_ERROR = (0.15, 0.07)
"""Standard deviation of the foot point, in box widths across and box heights along (measured on two detectors)."""
CUT_FOOT_ERROR = (0.15, 0.3)
"""The same where the box ends at the lower edge of the picture, so that the feet are somewhere below."""
AT_EDGE_PX = 2
AROUND_M = 2.5
"""People could as well have been so far, each way, from where they were seen: a second of fast walking."""
MAX_SPREAD_M = 10.0
"""Feet so near the horizon that their place is less sure than this say nothing."""
FLOOR_ERROR_M = 0.08
"""Standard deviation that remains under the best of circumstances: the calibration and the person's gait."""


@dataclass(frozen=True)
class Placed:
    """The n usable detections in order of time.

    `row` (n,) in the table; `sample` (n,) which of the k times `times_s` (k,) it belongs to, `starts` (k + 1,) the first
    detection of each; `time_s` (n,); `xy_m` (n, 2); `noise_m2` (n, 2, 2); `spread_m` (n,) its largest standard deviation;
    `strength` (n,) log odds, -2..2, that it is a person.
    """

    row: Indices
    sample: Indices
    times_s: Floats
    starts: Indices
    time_s: Floats
    xy_m: Floats
    noise_m2: Floats
    spread_m: Floats
    strength: Floats

    def __len__(self) -> int:
        return len(self.row)


def place(detections: DetectionTable, calibration: Calibration, picture: tuple[int, int]) -> Placed:
    """The detections that may be people on the floor: sure enough, one box each, feet below the horizon."""
    feet, sizes = _feet_and_sizes(detections.boxes_px.astype(np.float64))
    cut = (feet[:, 1] >= picture[1] - AT_EDGE_PX)[:, None]
    errors_px = sizes * np.where(cut, CUT_FOOT_ERROR, FOOT_ERROR)
    with np.errstate(all="ignore"):
        xy_m, noise_m2 = calibration.to_floor(feet), _noise_m2(calibration, feet, errors_px)
        spread_m = _spread_m(noise_m2)
    below = np.isfinite(xy_m).all(axis=1) & (spread_m <= MAX_SPREAD_M) & (sizes > 0).all(axis=1)
    usable = np.flatnonzero(below & (detections.confidence >= MIN_CONFIDENCE))
    order = (*detections.boxes_px[usable].T, -detections.confidence[usable], detections.taken_at_s[usable])
    usable = usable[np.lexsort(order)]
    row = usable[_unlike_better(detections.boxes_px[usable], detections.taken_at_s[usable])]
    time_s = detections.taken_at_s[row]
    times_s, sample = np.unique(time_s, return_inverse=True)
    return Placed(
        row=row,
        sample=sample,
        times_s=times_s,
        starts=np.searchsorted(sample, np.arange(len(times_s) + 1)),
        time_s=time_s,
        xy_m=xy_m[row],
        noise_m2=noise_m2[row],
        spread_m=spread_m[row],
        strength=strength(detections.confidence[row]),
    )


def strength(confidence: NDArray[np.floating]) -> Floats:
    """Log odds, -2..2, that a detection of this confidence is a person."""
    return np.clip(4 * (confidence.astype(np.float64) - 0.4), -2, 2)


def floor_area_m2(placed: Placed) -> float:
    """The floor where people may be."""
    return spread_area_m2(placed.xy_m)


def spread_area_m2(xy_m: Floats) -> float:
    """The area of a rectangle with the spread of the places, (n, 2), each widened by `AROUND_M`."""
    if len(xy_m) < 2:
        return 4 * AROUND_M**2
    return 12 * float(np.sqrt(np.linalg.det(np.cov(xy_m.T) + AROUND_M**2 / 3 * np.eye(2))))


def _feet_and_sizes(boxes_px: Floats) -> tuple[Floats, Floats]:
    left, top, right, bottom = boxes_px.T
    return np.column_stack([(left + right) / 2, bottom]), np.column_stack([right - left, bottom - top])


def _noise_m2(calibration: Calibration, feet: Floats, errors_px: Floats) -> Floats:
    scaled = calibration.jacobian(feet) * errors_px[:, None, :]
    return np.asarray(scaled @ scaled.transpose(0, 2, 1) + FLOOR_ERROR_M**2 * np.eye(2))


def _spread_m(noise_m2: Floats) -> Floats:
    """The larger standard deviation of 2x2 covariances; nan where they are not finite."""
    middle = (noise_m2[:, 0, 0] + noise_m2[:, 1, 1]) / 2
    return np.asarray(np.sqrt(middle + np.hypot((noise_m2[:, 0, 0] - noise_m2[:, 1, 1]) / 2, noise_m2[:, 0, 1])))


def _unlike_better(boxes_px: NDArray[np.float32], time_s: Floats) -> NDArray[np.bool_]:
    """Which boxes, best first within each time, overlap no better one that is kept itself."""
    kept = np.ones(len(boxes_px), dtype=bool)
    edges = np.flatnonzero(np.diff(time_s, prepend=-np.inf, append=np.inf))
    for start, stop in itertools.pairwise(edges):
        worse, better = np.nonzero(np.tril(_iou(boxes_px[start:stop]) > MAX_OVERLAP, -1))
        for one, other in zip(worse, better, strict=True):
            kept[start + one] &= not kept[start + other]
    return kept


def _iou(boxes: NDArray[np.float32]) -> Floats:
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return np.asarray(shared / (area[:, None] + area[None, :] - shared))
