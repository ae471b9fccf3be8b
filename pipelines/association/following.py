"""From sightings to ways: fuse moment by moment, follow over the floor; first by place alone, then knowing how looks differ."""

from collections.abc import Sequence

import numpy as np

from models.vision.tracker import identity
from models.vision.tracker.identity import Variances
from pipelines.association.absence import weighed
from pipelines.association.fusing import Fused, fuse
from pipelines.association.tracking import Way, follow
from pipelines.association.tracklets import Sightings


def followed(seen: Sightings, step_s: float, *, manoeuvres: float = 0.0) -> tuple[Fused, list[Way]]:
    """Everybody's way, first by place alone; then again, knowing from those ways how looks differ between people and in one.

    `manoeuvres` is the share of steps that are one (`models.vision.tracker.motion`).
    """
    variances = identity.nobody_differs(seen.looks.shape[1])
    fused = weighed(fuse(seen, variances), seen)
    ways = follow(fused, variances, step_s, manoeuvres)
    if not seen.looks.size:
        return fused, ways
    variances = _variances(seen, fused, ways)
    fused = weighed(fuse(seen, variances), seen)
    return fused, follow(fused, variances, step_s, manoeuvres)


def _variances(seen: Sightings, fused: Fused, ways: Sequence[Way]) -> Variances:
    """How the looks of sightings vary between ways and within one, over cameras and time."""
    owner = np.full(len(fused), -1)
    for number, way in enumerate(ways):
        owner[way.fused] = number
    label = owner[fused.member]
    known = (label >= 0) & seen.looks.any(axis=1)
    return identity.learn(seen.looks[known], label[known])
