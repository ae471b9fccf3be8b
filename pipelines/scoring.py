"""How right tracks are: TrackEval's scores of found against true positions, on the floor or in the picture.

HOTA (Luiten et al. 2021), CLEAR (Bernardin and Stiefelhagen 2008) and IDF1 (Ristani et al. 2016), each by its class in TrackEval.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Similarity = Callable[[Floats, Floats], Floats]
ZERO_AT_M = 2.0
"""On the floor the similarity falls from 1 at the same place to 0 at this distance; half of it is the limit for a match."""
THRESHOLD = 0.5


@dataclass(frozen=True)
class Marks:
    """Who was where in which frame: `frame` (n,), `id` (n,), `places` (n, 2) m on the floor or (n, 4) px left, top, width, height."""

    frame: Integers
    id: Integers
    places: Floats


@dataclass(frozen=True)
class Scores:
    """Percent, but for the count of `id_switches`."""

    idf1: float
    hota: float
    mota: float
    id_switches: int


def on_floor(truth: Marks, found: Marks) -> Scores:
    """Scores with similarity max(0, 1 - d / 2 m), threshold 0.5, over all frames from the first to the last of the truth."""
    return _scores(truth, found, _closeness)


def in_picture(truth: Marks, found: Marks) -> Scores:
    """Scores with the IoU of boxes as similarity, threshold 0.5, over all frames from the first to the last of the truth."""
    return _scores(truth, found, box_overlap)


def of_rows(truth: Integers, found: Integers, order: NDArray[np.intp], nobody: int) -> Scores:
    """Scores where each row, a detection, can only match itself: `truth` and `found` (n,) ids, `nobody` for false ones.

    The same formulas as TrackEval's classes, whose search for matches in each frame has nothing to find here and takes hours for
    millions of rows. `order` sorts the rows by time: a switch is a person's row with another id than that person's row before.
    """
    both = (truth != nobody) & (found != nobody)
    true_count, found_count = (
        np.unique(truth[truth != nobody], return_counts=True)[1],
        np.bincount(np.unique(found[found != nobody], return_inverse=True)[1]),
    )
    shared = _shared(truth, found, nobody)
    pair, times = np.unique(shared, axis=1, return_counts=True)
    hits, total = int(both.sum()), int(true_count.sum() + found_count.sum())
    overlap = np.zeros((len(true_count), len(found_count)), dtype=np.int64)
    overlap[pair[0], pair[1]] = times
    kept = overlap[linear_sum_assignment(overlap, maximize=True)].sum()
    alike = times / (true_count[pair[0]] + found_count[pair[1]] - times)
    switches = _switches(truth, found, order[both[order]])
    detection, association = hits / max(total - hits, 1), float((times * alike).sum()) / max(hits, 1)
    return Scores(
        idf1=100 * 2 * float(kept) / max(total, 1),
        hota=100 * float(np.sqrt(detection * association)),
        mota=100 * float(hits - (found_count.sum() - hits) - switches) / max(int(true_count.sum()), 1),
        id_switches=switches,
    )


def _shared(truth: Integers, found: Integers, nobody: int) -> Integers:
    """The ids, numbered from 0, of the rows that are somebody on both sides, (2, m)."""
    both = (truth != nobody) & (found != nobody)
    sides = [np.searchsorted(np.unique(side[side != nobody]), side[both]) for side in (truth, found)]
    return np.stack(sides)


def _switches(truth: Integers, found: Integers, rows: NDArray[np.intp]) -> int:
    """How often a person's id changes from one to the next of these rows."""
    rows = rows[np.argsort(truth[rows], kind="stable")]
    return int(((np.diff(truth[rows]) == 0) & (np.diff(found[rows]) != 0)).sum())


def _scores(truth: Marks, found: Marks, similarity: Similarity) -> Scores:
    from trackeval.metrics import CLEAR, HOTA, Identity

    frames = _frames(truth, found, similarity)
    quiet = {"THRESHOLD": THRESHOLD, "PRINT_CONFIG": False}
    clear = CLEAR(quiet).eval_sequence(frames)
    identity, hota = Identity(quiet).eval_sequence(frames), HOTA().eval_sequence(frames)
    return Scores(
        idf1=100 * float(identity["IDF1"]),
        hota=100 * float(np.mean(hota["HOTA"])),
        mota=100 * float(clear["MOTA"]),
        id_switches=int(clear["IDSW"]),
    )


def _frames(truth: Marks, found: Marks, similarity: Similarity) -> dict[str, Any]:
    """Both sides frame by frame, ids numbered from 0, as TrackEval wants them."""
    first, last = int(truth.frame.min()), int(truth.frame.max())
    found = _between(found, first, last)
    sides = [_by_frame(side, first, last) for side in (truth, found)]
    pairs = list(zip(*sides, strict=True))
    return {
        "num_timesteps": last - first + 1,
        "num_gt_dets": len(truth.frame),
        "num_tracker_dets": len(found.frame),
        "num_gt_ids": len(np.unique(truth.id)),
        "num_tracker_ids": len(np.unique(found.id)),
        "gt_ids": [ids for (ids, _), _ in pairs],
        "tracker_ids": [ids for _, (ids, _) in pairs],
        "similarity_scores": [similarity(true, seen) for (_, true), (_, seen) in pairs],
    }


def _between(marks: Marks, first: int, last: int) -> Marks:
    kept = (marks.frame >= first) & (marks.frame <= last)
    return Marks(marks.frame[kept], marks.id[kept], marks.places[kept])


def _by_frame(marks: Marks, first: int, last: int) -> Iterator[tuple[Integers, Floats]]:
    """Ids, numbered from 0, and places in each frame."""
    order = np.argsort(marks.frame, kind="stable")
    ids = np.unique(marks.id, return_inverse=True)[1][order]
    edges = np.searchsorted(marks.frame[order], np.arange(first, last + 2))
    for start, stop in itertools.pairwise(edges):
        yield ids[start:stop], marks.places[order[start:stop]]


def _closeness(true_m: Floats, found_m: Floats) -> Floats:
    away_m = np.linalg.norm(true_m[:, None, :] - found_m[None, :, :], axis=2)
    return np.asarray(np.maximum(0.0, 1 - away_m / ZERO_AT_M))


def box_overlap(true_px: Floats, found_px: Floats) -> Floats:
    """The IoU of boxes (n, 4) and (m, 4) px left, top, width, height, (n, m)."""
    low = np.maximum(true_px[:, None, :2], found_px[None, :, :2])
    high = np.minimum((true_px[:, :2] + true_px[:, 2:])[:, None], (found_px[:, :2] + found_px[:, 2:])[None])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = true_px[:, 2:].prod(axis=1)[:, None] + found_px[:, 2:].prod(axis=1)[None, :]
    return np.asarray(shared / np.maximum(areas - shared, 1e-9))
