"""Why a tracklet belongs to a person."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.association.stays import Stay
from pipelines.association.tracklets import Tracklet

BORDER_S = 5.0
"""A tracklet that ends this shortly before the next file of its camera shows the same person is cut by the border."""


@dataclass(frozen=True)
class Return:
    """Somebody is likely to have been `after`, a tracklet, before: with a log-likelihood ratio of `score` nats and a `probability`, 0..1,
    beside all others who may have been. If it `is_open` the two are left apart: it is too doubtful.
    """

    after: uuid.UUID
    score: float
    probability: float
    is_open: bool


@dataclass(frozen=True)
class Membership:
    """A tracklet belongs to a person, because of `reason` with `score` (log-likelihood ratio in nats, 0 for the first).

    Reasons: `founder` (the first of the person), `memory` (the first in this hour of a person known before),
    `camera-overlap` (saw them at the same moments as an earlier one), `segment-border` (goes on in the next file of its
    camera), `gap` (goes on after a time unseen, or where its camera had mixed people up), `return` (the first after a time out of all
    cameras' view). `likely` is whom the person is likely to have been before a time out of view, whether joined or left open.
    """

    tracklet: Tracklet
    reason: str
    score: float
    likely: Return | None = None

    def __str__(self) -> str:
        words = self.reason if not self.score else f"{self.reason} {self.score:+.1f}"
        if self.likely is None:
            return words
        if not self.likely.is_open:
            return f"{words} p={self.likely.probability:.2f}"
        return f"{words}, open: {self.likely.after} {self.likely.score:+.1f} p={self.likely.probability:.2f}"


def memberships(
    stay: Stay,
    own: Sequence[int],
    ordered: Sequence[Tracklet],
    *,
    is_first: bool,
    is_known: bool,
    likely: Return | None = None,
) -> tuple[Membership, ...]:
    """The reason for each own tracklet of a stay, by first sight; `is_first` if it is the person's first here, `is_known` if the person was
    there before it, `likely` what it comes after.
    """
    found: list[Membership] = []
    for position, tracklet in enumerate(sorted(own)):
        before = sorted(own)[:position]
        if before:
            found.append(Membership(ordered[tracklet], *_reason(stay, tracklet, before, ordered)))
        else:
            found.append(_begins(ordered[tracklet], is_first, is_known, likely))
    return tuple(found)


def _begins(tracklet: Tracklet, is_first: bool, is_known: bool, likely: Return | None) -> Membership:
    if likely is not None and not likely.is_open:
        return Membership(tracklet, "return", likely.score, likely)
    if not is_first:
        return Membership(tracklet, "return", 0.0, likely)
    return Membership(tracklet, "memory" if is_known else "founder", 0.0, likely)


def _reason(stay: Stay, tracklet: int, before: Sequence[int], ordered: Sequence[Tracklet]) -> tuple[str, float]:
    rows = stay.rows[tracklet]
    earlier = np.unique(np.concatenate([np.zeros(0, dtype=np.intp), *(stay.rows[one] for one in before)]))
    shared = np.intersect1d(rows, earlier)
    if len(shared):
        return "camera-overlap", float(stay.fuse_score[shared].mean())
    score = float(stay.link_gain[rows[0]])
    return ("segment-border" if _cut_by_border(ordered[tracklet], before, ordered) else "gap"), score


def _cut_by_border(tracklet: Tracklet, before: Sequence[int], ordered: Sequence[Tracklet]) -> bool:
    others = (ordered[one] for one in before)
    return any(
        other.camera_id == tracklet.camera_id
        and other.segment_id != tracklet.segment_id
        and 0 <= tracklet.first_seen_s - other.last_seen_s <= BORDER_S
        for other in others
    )
