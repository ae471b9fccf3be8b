"""From sightings to ways: fuse moment by moment, follow over the floor; first by place alone, then knowing how looks differ."""

import numpy as np

from models.vision.tracker import identity
from models.vision.tracker.identity import Variances
from pipelines.association.absence import weighed
from pipelines.association.doubles import united
from pipelines.association.fusing import Fused, fuse
from pipelines.association.tracking import Way, follow
from pipelines.association.tracklets import Floats, Indices, Sightings

FIRST_SWEEPS = 1
"""The ways of the first pass show how looks differ; for that they need not be right to the last link."""


def followed(
    seen: Sightings, step_s: float, *, manoeuvres: float = 0.0, independent: int = 0
) -> tuple[Fused, list[Way]]:
    """Everybody's way, first by place alone; then again, knowing from those ways how looks differ between people and in one.

    `manoeuvres` is the share of steps that are one (`models.vision.tracker.motion`). So many of the first axes of the looks are
    `independent`: their errors differ from camera to camera at one moment, so that several cameras are surer than one. Errors of
    embeddings do not: taking them so loses 8 of 98 points of the demo.
    """
    variances = identity.nobody_differs(seen.looks.shape[1])
    fused = weighed(fuse(seen, variances), seen)
    if not seen.looks.size:
        return fused, follow(fused, variances, step_s, manoeuvres)
    ways = follow(fused, variances, step_s, manoeuvres, sweeps=FIRST_SWEEPS)
    owner = np.full(len(fused), -1)
    for number, way in enumerate(ways):
        owner[way.fused] = number
    variances = _variances(seen.looks, owner[fused.member])
    together = _variances(fused.looks, owner)
    fused = weighed(fuse(seen, variances), seen)
    first = np.arange(seen.looks.shape[1]) < independent
    pairs = zip(together, variances, strict=True)
    last = Variances(*(np.where(first, one, other) for one, other in pairs))
    return fused, united(follow(fused, last, step_s, manoeuvres), fused, variances)


def _variances(looks: Floats, owner: Indices) -> Variances:
    """How looks, (n, c), vary between ways and within one, over cameras and time; `owner` (n,) is the way, -1 if none."""
    known = (owner >= 0) & looks.any(axis=1)
    return identity.learn(looks[known], owner[known])
