"""Which crops of a tracklet to keep: large, sharp, sure, with nobody in front, and spread over its time."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.vision.tracker import Tracks

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
CROPS = 4
"""Crops kept of one tracklet, each the best of its share of the time."""


def best_crops(found: pa.Table, tracks: Tracks) -> dict[int, Indices]:
    """For each track the rows of its chosen crops in `found` (see `candidates.COLUMNS`), in order of time."""
    worth = _worth(found)
    has_crop = found["crop"].is_valid().to_numpy(zero_copy_only=False)
    chosen = {}
    for number in np.unique(tracks.track):
        rows = tracks.detection[tracks.track == number]
        rows = rows[rows >= 0].astype(np.intp)
        rows = rows[has_crop[rows]]
        shares = [share for share in np.array_split(rows, CROPS) if len(share)]
        chosen[int(number)] = np.array([share[worth[share].argmax()] for share in shares], dtype=np.intp)
    return chosen


def _worth(found: pa.Table) -> Floats:
    """How good each crop is, (n,): box height times the root of its sharpness, confidence, and the share that is not hidden."""
    left, top, right, bottom, confidence, sharpness = (
        found[name].to_numpy().astype(np.float64)
        for name in ("left", "top", "right", "bottom", "confidence", "sharpness")
    )
    hidden = _hidden(found["frame"].to_numpy(), np.column_stack([left, top, right, bottom]))
    return np.asarray((bottom - top) * np.sqrt(np.sqrt(sharpness)) * confidence * (1 - hidden) ** 2)


def _hidden(frame: NDArray[np.int32], boxes: Floats) -> Floats:
    """The largest share of each box that the box of somebody nearer (with lower feet) covers, (n,) 0..1."""
    hidden = np.zeros(len(boxes))
    order = np.argsort(frame, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(frame[order])) + 1):
        own = boxes[rows]
        low, high = np.maximum(own[:, None, :2], own[None, :, :2]), np.minimum(own[:, None, 2:], own[None, :, 2:])
        covered = (
            np.clip(high - low, 0, None).prod(axis=2) / np.maximum((own[:, 2:] - own[:, :2]).prod(axis=1), 1)[:, None]
        )
        nearer = own[None, :, 3] > own[:, None, 3]
        hidden[rows] = np.where(nearer, covered, 0.0).max(axis=1, initial=0.0)
    return hidden
