"""Who somebody is, from measurements of one detection: how tall the box is for its place, and how the person looks.

Two groups of pictures are compared by a two-covariance score (Ioffe 2006, PLDA): people differ with a variance
`between`, pictures of one person with `within`, on each axis. Pictures of one track are alike, so they count less than
independent ones: taking them as independent makes the score absurdly sure.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker.heights import relative_height, tallness
from models.vision.tracker.placing import Placed
from models.vision.tracker.tables import DetectionTable

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
ALIKENESS = 0.5
"""Correlation between the errors of two pictures of one track, before any is learned."""
BELIEVED_BLOCKS = 30
"""So many pieces of tracks count for what is believed before any is seen."""
PIECE_S = 10.0
"""Errors that last for less are seen to differ from piece to piece of a track; each piece is so long."""
MAX_AXES = 32
"""Principal axes of the embeddings that are compared."""
MIN_TRACKS = 3
"""Fewer tracks than this with two pictures or more say nothing about how people differ."""


class Variances(NamedTuple):
    """For each of c axes: variance `between` people and `within` the pictures of one, (c,), and the `alikeness`, () or (c,), of
    the errors of two pictures of one track. No people differ where `between` is 0.
    """

    between: Floats
    within: Floats
    alikeness: Floats | float = ALIKENESS


def nobody_differs(axes: int) -> Variances:
    """Variances under which every comparison scores 0."""
    return Variances(np.zeros(axes), np.ones(axes))


def cues(detections: DetectionTable, placed: Placed) -> Floats:
    """What tells people apart, (n, c), about 0 on every axis: how tall for the place, then looks."""
    _, top, _, bottom = detections.boxes_px[placed.row].astype(np.float64).T
    columns = [tallness(relative_height(bottom - top, placed.xy_m))[:, None]]
    if detections.embedding is not None and len(placed):
        columns.append(main_axes(detections.embedding[placed.row].astype(np.float64)))
    return np.hstack(columns)


def learn(measured: Floats, track: Indices) -> Variances:
    """The variances from tracks, taken as people: `measured` (n, c), `track` (n,) its track (one-way analysis of variance)."""
    _, label, count = np.unique(track, return_inverse=True, return_counts=True)
    sums = np.zeros((len(count), measured.shape[1]))
    np.add.at(sums, label, measured)
    repeated = count > 1
    if repeated.sum() < MIN_TRACKS:
        return nobody_differs(measured.shape[1])
    means = sums / count[:, None]
    scatter = ((measured - means[label])[repeated[label]] ** 2).sum(axis=0)
    within = scatter / (count[repeated] - 1).sum()
    between = np.var(means[repeated], axis=0, ddof=1) - within * np.mean(1 / count[repeated])
    return Variances(np.maximum(between, 0.0), np.maximum(within, 1e-9))


def learn_alikeness(measured: Floats, track: Indices, block: Indices) -> Floats:
    """The correlation of errors, (c,), of two pictures of one track: `measured` (n, c), `track` (n,) its track, `block` (n,) its piece
    of a track.

    Means of n pictures of one person vary by within (1 + (n - 1) alikeness) / n from piece to piece (the design effect of clustered
    samples, Kish 1965, section 5.4).
    """
    _, first, label, count = np.unique(block, return_index=True, return_inverse=True, return_counts=True)
    sums = np.zeros((len(count), measured.shape[1]))
    np.add.at(sums, label, measured)
    pieces, pictures = learn(sums / count[:, None], track[first]), learn(measured, track)
    usual = 1 / np.mean(1 / count) if len(count) else 1.0
    if not pieces.between.any() or usual <= 1:
        return np.full(measured.shape[1], ALIKENESS)
    found = np.clip((pieces.within * usual / pictures.within - 1) / (usual - 1), 0.0, 1.0)
    return np.asarray((len(count) * found + BELIEVED_BLOCKS * ALIKENESS) / (len(count) + BELIEVED_BLOCKS))


def pieces(track: Indices, time_s: Floats) -> Indices:
    """The piece of a track, of `PIECE_S`, that each picture belongs to, (n,): a number for each track and time."""
    span = np.floor(time_s / PIECE_S).astype(np.intp)
    return np.asarray(track * (int(span.max(initial=0)) + 1) + span)


def effective(count: Floats, alikeness: Floats | float = ALIKENESS) -> Floats:
    """How many independent pictures `count` alike ones are worth."""
    return np.asarray(count / (1 + (count - 1) * alikeness))


def score(variances: Variances, sums: tuple[Floats, Floats], counts: tuple[Floats, Floats]) -> Floats:
    """Log-likelihood ratio of one person against two, (m,), for pairs of groups with sums (m, c) and counts (m,) of pictures."""
    b = variances.between
    if not b.any():
        return np.zeros(len(counts[0]))
    (x, p), (y, q) = (
        (total / count[:, None], b + variances.within / effective(count[:, None], variances.alikeness))
        for total, count in zip(sums, counts, strict=True)
    )
    determinant = p * q - b**2
    together = (q * x**2 - 2 * b * x * y + p * y**2) / determinant
    apart = x**2 / p + y**2 / q
    return np.asarray(-0.5 * (np.log(determinant / (p * q)) + together - apart).sum(axis=1))


def table(variances: Variances, some: Floats, others: Floats) -> Floats:
    """`score` of each of n single pictures, (n, c), with each of m others, (m, c): (n, m)."""
    b = variances.between
    if not b.any():
        return np.zeros((len(some), len(others)))
    p = b + variances.within
    determinant = p**2 - b**2
    lonely = -0.5 * (p / determinant - 1 / p)
    constant = -0.5 * np.log(determinant / p**2).sum()
    return np.asarray(
        constant + (some**2 @ lonely)[:, None] + (others**2 @ lonely)[None, :] + (some * (b / determinant)) @ others.T
    )


def main_axes(embedding: Floats) -> Floats:
    """Embeddings, (n, d), on their main axes, centred, (n, at most `MAX_AXES`)."""
    if not embedding.size:
        return np.zeros((len(embedding), 0))
    centred = embedding - embedding.mean(axis=0)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :MAX_AXES]
    strongest = np.abs(axes).argmax(axis=0)
    return np.asarray(centred @ (axes * np.sign(axes[strongest, np.arange(axes.shape[1])])))
