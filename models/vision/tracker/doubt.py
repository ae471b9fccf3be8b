"""Where it is doubtful who is who, so that a picture between two others is worth looking at.

A coarse track decides who of one picture is who in the next. It is in doubt where the best other way of joining the two
pictures is nearly as likely (the margin between the best and the second best assignment; Murty 1968), and where somebody
who was seen for certain comes from nowhere or goes there: only at the edges of the picture people come and go. Looking
closer where the decision is unsure, and nowhere else, is what MIRIS does with frame rates (Bastani et al. 2020, SIGMOD).
"""

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import identity
from models.vision.tracker.linking import MAX_SPEED_MPS, best_pairs, scene
from models.vision.tracker.placing import Placed, floor_area_m2, place
from models.vision.tracker.sweeps import Links
from models.vision.tracker.tables import DetectionTable
from models.world.places import Calibration

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Bools = NDArray[np.bool_]
MARGIN = 2.0
"""Nats by which the best way of joining two pictures must beat the second best: 7 to 1."""
SURE = 0.4
"""Strength (see `placing.strength`) from which a detection is somebody whose coming and going has to be explained: confidence 0.5."""
STROLL_MPS = 0.6 * MAX_SPEED_MPS
"""Who can reach an edge of the picture at this speed may have come from there, or left."""


def doubtful(detections: DetectionTable, calibration: Calibration, picture: tuple[int, int], looked_s: Floats) -> Bools:
    """Which of the k - 1 gaps between the pictures looked at, at `looked_s` (k,) ascending, hide who is who, (k - 1,)."""
    found = np.zeros(max(len(looked_s) - 1, 0), dtype=bool)
    placed = place(detections, calibration, picture)
    if not len(placed):
        return found
    links = _coarse(detections, placed, looked_s)
    starts = np.searchsorted(placed.time_s, np.append(looked_s, np.inf) - 1e-6)
    sure, edge_m = placed.strength > SURE, _edge_m(detections, placed, calibration, picture)
    for gap in range(len(found)):
        heads, tails = np.arange(*starts[gap : gap + 2]), np.arange(*starts[gap + 1 : gap + 3])
        reach_m = STROLL_MPS * (looked_s[gap + 1] - looked_s[gap])
        found[gap] = _is_doubtful(links, heads, tails, sure, edge_m > reach_m)
    return found


def _coarse(detections: DetectionTable, placed: Placed, looked_s: Floats) -> Links:
    """Links decided forward; then how people differ in looks, which those links tell."""
    cues = identity.cues(detections, placed)
    links = Links(scene(placed, cues, floor_area_m2(placed), looked_s))
    links.decide_forward()
    links.know(identity.learn(cues, links.tracks()))
    return links


def _is_doubtful(links: Links, heads: Indices, tails: Indices, sure: Bools, inside: Bools) -> bool:
    """Whether the people of one picture, `heads`, may be those of the next, `tails`, in another way than the best."""
    if not (sure[heads].any() or sure[tails].any()):
        return False
    gains = links.pair_gains(heads, tails)
    rows, columns = best_pairs(gains)
    loose = np.concatenate([np.delete(heads, rows), np.delete(tails, columns)])
    if (sure[loose] & inside[loose]).any():
        return True
    best = gains[rows, columns].sum()
    for row, column in zip(rows, columns, strict=True):
        if not (sure[heads[row]] or sure[tails[column]]):
            continue
        other = gains.copy()
        other[row, column] = -np.inf
        if best - other[best_pairs(other)].sum() < MARGIN:
            return True
    return False


def _edge_m(detections: DetectionTable, placed: Placed, calibration: Calibration, picture: tuple[int, int]) -> Floats:
    """How far each person is from leaving the picture to the left, to the right or below, on the floor, (n,) m."""
    left, _, right, bottom = detections.boxes_px[placed.row].astype(np.float64).T
    width, height = picture
    middle = (left + right) / 2
    exits = [
        (np.zeros_like(middle), bottom),
        (np.full_like(middle, width), bottom),
        (middle, np.full_like(middle, height)),
    ]
    away_m = [np.linalg.norm(calibration.to_floor(np.column_stack(exit_)) - placed.xy_m, axis=1) for exit_ in exits]
    return np.asarray(np.min(away_m, axis=0))
