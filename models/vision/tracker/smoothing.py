"""Finished tracks: both sides fused at every detection, smooth in between."""

import itertools

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import motion
from models.vision.tracker.linking import MAX_GAP_S
from models.vision.tracker.sweeps import NONE, Links
from models.vision.tracker.tables import DetectionTable, Floats32, Tracks
from models.world.places import Calibration

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
MIN_DETECTIONS = 2
MIN_DURATION_S = 1.0
AT_ENDS = 0.4
"""A person was there for this share of a sampling step before the first and after the last detection."""


def believable(links: Links) -> Indices:
    """The track number, (n,), of each placed detection, from 0 in order of first sight; NONE outside a credible track.

    A track counts with two detections or more, a second of time, and more evidence for a person than against.
    """
    placed = links.scene.placed
    first, track, count = np.unique(links.tracks(), return_inverse=True, return_counts=True)
    last_s = np.full(len(first), -np.inf)
    np.maximum.at(last_s, track, placed.time_s)
    evidence = np.bincount(track, placed.strength, minlength=len(first))
    long_enough = last_s - placed.time_s[first] >= MIN_DURATION_S - 1e-6
    good = (count >= MIN_DETECTIONS) & long_enough & (evidence > 0)
    return np.where(good, np.cumsum(good) - 1, NONE)[track]


def finished(links: Links, detections: DetectionTable) -> Tracks:
    """One row for each detection of each credible track, smoothed."""
    placed, number = links.scene.placed, believable(links)
    kept = np.flatnonzero(number != NONE)
    kept = kept[np.lexsort((placed.time_s[kept], number[kept]))]
    states, row = _smoothed(links, kept), placed.row[kept]
    return Tracks(
        track=number[kept].astype(np.int32),
        frame=detections.frame[row],
        taken_at_s=placed.time_s[kept],
        boxes_px=detections.boxes_px[row],
        confidence=detections.confidence[row],
        xy_m=states.mean[:, :2],
        velocity_mps=states.mean[:, 2:],
        covariance_m2=states.covariance[:, [0, 0, 1], [0, 1, 1]],
        detection=row.astype(np.int32),
    )


def at(tracks: Tracks, frame: NDArray[np.int32], taken_at_s: Floats) -> Tracks:
    """The tracks at other times: rows at each of `taken_at_s` (m,), rising, of frames `frame` (m,), that a track spans.

    Places follow a cubic Hermite through places and velocities, boxes and covariances straight lines.
    """
    known, spans = tracks.take(tracks.detection != NONE), []
    edges = np.flatnonzero(np.diff(known.track, prepend=NONE, append=NONE))
    for start, stop in itertools.pairwise(edges):
        own = known.take(np.arange(start, stop))
        first, last = np.searchsorted(taken_at_s, [own.taken_at_s[0] - 1e-6, own.taken_at_s[-1] + 1e-6])
        spans.append(_between(own, frame[first:last], taken_at_s[first:last]))
    return joined(spans) if spans else known


def joined(tracks: list[Tracks]) -> Tracks:
    """Several blocks of rows as one."""
    return Tracks(**{name: np.concatenate([vars(block)[name] for block in tracks]) for name in vars(tracks[0])})


def _between(own: Tracks, frame: NDArray[np.int32], times_s: Floats) -> Tracks:
    """One track at times within its span; its own rows stay as they are."""
    right = np.clip(np.searchsorted(own.taken_at_s, times_s - 1e-6), 1, len(own) - 1)
    left = right - 1
    span_s = own.taken_at_s[right] - own.taken_at_s[left]
    share = np.clip((times_s - own.taken_at_s[left]) / span_s, 0, 1)
    xy_m, velocity_mps = _hermite(own, left, right, share, span_s)
    exact = np.where(share < 1e-6, left, np.where(share > 1 - 1e-6, right, NONE))
    seen = exact != NONE
    return Tracks(
        track=np.full(len(times_s), own.track[0], dtype=np.int32),
        frame=frame.astype(np.int32),
        taken_at_s=times_s,
        boxes_px=_line(own.boxes_px, left, right, share).astype(np.float32),
        confidence=np.where(seen, own.confidence[exact], np.float32(np.nan)).astype(np.float32),
        xy_m=xy_m,
        velocity_mps=velocity_mps,
        covariance_m2=_line(own.covariance_m2, left, right, share),
        detection=np.where(seen, own.detection[exact], NONE).astype(np.int32),
    )


def beyond_ends(
    tracks: Tracks,
    frame: NDArray[np.int32],
    taken_at_s: Floats,
    reach_s: float,
    calibration: Calibration,
    picture: tuple[int, int],
) -> Tracks:
    """Rows of each track up to `reach_s` before its first and after its last row, straight on, while the feet are in the picture."""
    firsts = np.flatnonzero(np.diff(tracks.track, prepend=NONE))
    lasts = np.flatnonzero(np.diff(tracks.track, append=NONE))
    blocks = []
    for ends, low, high in ((firsts, -reach_s, 0.0), (lasts, 0.0, reach_s)):
        gap_s = taken_at_s[None, :] - tracks.taken_at_s[ends][:, None]
        end, when = np.nonzero((gap_s >= low - 1e-6) & (gap_s <= high + 1e-6) & (np.abs(gap_s) > 1e-6))
        blocks.append(_moved_on(tracks.take(ends[end]), frame[when], taken_at_s[when], calibration, picture))
    return joined(blocks)


def _moved_on(
    ends: Tracks, frame: NDArray[np.int32], taken_at_s: Floats, calibration: Calibration, picture: tuple[int, int]
) -> Tracks:
    """Each row carried to another time at its own velocity; left out where the feet leave the picture."""
    gap_s = (taken_at_s - ends.taken_at_s)[:, None]
    xy_m = ends.xy_m + ends.velocity_mps * gap_s
    shift_px = calibration.to_picture(xy_m) - calibration.to_picture(ends.xy_m)
    boxes_px = ends.boxes_px + np.hstack([shift_px, shift_px])
    moved = Tracks(
        track=ends.track,
        frame=frame.astype(np.int32),
        taken_at_s=taken_at_s,
        boxes_px=boxes_px.astype(np.float32),
        confidence=np.full(len(ends), np.nan, dtype=np.float32),
        xy_m=xy_m,
        velocity_mps=ends.velocity_mps,
        covariance_m2=ends.covariance_m2,
        detection=np.full(len(ends), NONE, dtype=np.int32),
    )
    feet = np.column_stack([(boxes_px[:, 0] + boxes_px[:, 2]) / 2, boxes_px[:, 3]])
    return moved.take(np.asarray(((feet >= 0) & (feet <= picture)).all(axis=1)))


def _smoothed(links: Links, kept: Indices) -> motion.States:
    """The states at some detections given all of their tracks."""
    mean, covariance = (part.copy() for part in links.past.states)
    followed = kept[links.after[kept] != NONE]
    if len(followed):
        after = links.after[followed]
        gap_s = links.scene.placed.time_s[after] - links.scene.placed.time_s[followed]
        future = motion.reverse(motion.predict(links.future.take(after).states, gap_s))
        mean[followed], covariance[followed] = motion.fuse(links.past.take(followed).states, future)
    return motion.States(mean[kept], covariance[kept])


def _hermite(own: Tracks, left: Indices, right: Indices, share: Floats, span_s: Floats) -> tuple[Floats, Floats]:
    """Place and velocity on the cubic through the places and velocities of two rows; on the straight line over long gaps,
    where the velocities at the ends say nothing of the middle.
    """
    s, h = share[:, None], span_s[:, None]
    way, start, end = own.xy_m[right] - own.xy_m[left], own.velocity_mps[left] * h, own.velocity_mps[right] * h
    start, end = (np.where(h > MAX_GAP_S + 1e-6, way, slope) for slope in (start, end))
    xy_m = own.xy_m[left] + s * start + s**2 * (3 * way - 2 * start - end) + s**3 * (start + end - 2 * way)
    velocity_mps = (start + 2 * s * (3 * way - 2 * start - end) + 3 * s**2 * (start + end - 2 * way)) / h
    return xy_m, velocity_mps


def _line(values: Floats | Floats32, left: Indices, right: Indices, share: Floats) -> Floats:
    return np.asarray(values[left] + share[:, None] * (values[right] - values[left]), dtype=np.float64)
