"""Why a tracklet belongs to a person."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.association.stays import Stay
from pipelines.association.tracklets import Tracklet

BORDER_S = 5.0
"""A tracklet that ends this shortly before the next file of its camera shows the same person is cut by the border."""


@dataclass(frozen=True)
class Membership:
    """A tracklet belongs to a person, because of `reason` with `score` (log-likelihood ratio in nats, 0 for the first).

    Reasons: `founder` (the first of the person), `memory` (the first in this hour of a person known before),
    `camera-overlap` (saw them at the same moments as an earlier one), `segment-border` (goes on in the next file of its
    camera), `gap` (goes on after a time unseen, or where its camera had mixed people up), `return` (the first after a time out of all
    cameras' view).
    """

    tracklet: Tracklet
    reason: str
    score: float

    def __str__(self) -> str:
        return self.reason if not self.score else f"{self.reason} {self.score:+.1f}"


def memberships(
    stay: Stay, own: Sequence[int], ordered: Sequence[Tracklet], *, is_known: bool, returns: float | None = None
) -> tuple[Membership, ...]:
    """The reason for each own tracklet of a stay, by first sight; `is_known` if the person was there before the stay, `returns` the score
    of the link to an earlier stay, if there is one.
    """
    found: list[Membership] = []
    for position, tracklet in enumerate(sorted(own)):
        before = sorted(own)[:position]
        reason, score = _reason(stay, tracklet, before, ordered)
        if not before:
            reason, score = ("memory" if is_known else "founder"), 0.0
            if returns is not None:
                reason, score = "return", returns
        found.append(Membership(ordered[tracklet], reason, score))
    return tuple(found)


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
