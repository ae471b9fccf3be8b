"""From sightings to ways: fuse moment by moment, follow over the floor; first by place alone, then knowing how looks differ."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import identity
from models.vision.tracker.identity import Variances
from pipelines.association.absence import weighed
from pipelines.association.fusing import Fused, fuse
from pipelines.association.tracking import SWEEPS, Way, follow
from pipelines.association.tracklets import Floats, Indices, Sightings

FIRST_SWEEPS = 1
"""The ways of the first pass show how looks differ; for that they need not be right to the last link."""


def followed(
    seen: Sightings, step_s: float, *, manoeuvres: float = 0.0, independent: int = 0
) -> tuple[Fused, list[Way]]:
    """Everybody's way, first by place alone; then again, knowing from those ways how looks differ between people and in one.

    `manoeuvres` is the share of steps that are one (`models.vision.tracker.motion`). So many of the first axes of the looks are
    `independent`: their errors differ from camera to camera at one moment, so that several cameras are surer than one. Errors of
    embeddings do not: taking them so loses 8 of 98 points of the demo. How alike errors are in time is learned on every axis:
    who turns looks otherwise for a while, and is the same person. It is learned from ways that looks have helped to find, in a pass
    of their own: in ways by place alone strangers pass for somebody who turned.
    """
    variances = identity.nobody_differs(seen.looks.shape[1])
    fused = weighed(fuse(seen, variances), seen)
    if not seen.looks.size:
        return fused, follow(fused, variances, step_s, manoeuvres)
    is_independent = np.arange(seen.looks.shape[1]) < independent
    ways = follow(fused, variances, step_s, manoeuvres, sweeps=FIRST_SWEEPS)
    for sweeps in (FIRST_SWEEPS, SWEEPS):
        fused, ways = _again(seen, _knowing(seen, fused, ways, is_independent, step_s), step_s, manoeuvres, sweeps)
    return fused, ways


def _knowing(
    seen: Sightings, fused: Fused, ways: Sequence[Way], is_independent: NDArray[np.bool_], step_s: float
) -> tuple[Variances, Variances]:
    """How looks vary over the cameras of one moment, and from moment to moment, as some ways show."""
    owner = _owner(ways, fused)
    over_cameras = _variances(seen.looks, owner[fused.member])
    in_time = _in_time(over_cameras, fused, owner, is_independent)._replace(alikeness=_alikeness(fused, owner, step_s))
    return over_cameras._replace(alikeness=np.where(is_independent, 0.0, identity.ALIKENESS)), in_time


def _again(
    seen: Sightings, knowing: tuple[Variances, Variances], step_s: float, manoeuvres: float, sweeps: int
) -> tuple[Fused, list[Way]]:
    at_once, in_time = knowing
    fused = weighed(fuse(seen, at_once), seen)
    return fused, follow(fused, in_time, step_s, manoeuvres, sweeps=sweeps)


def differences(ways: Sequence[Way], fused: Fused) -> Variances:
    """How the looks of such ways differ between people and within one."""
    return _variances(fused.looks, _owner(ways, fused))


def _owner(ways: Sequence[Way], fused: Fused) -> Indices:
    """Whose each fused moment is, (n,): the number of a way, -1 if nobody's."""
    owner = np.full(len(fused), -1)
    for number, way in enumerate(ways):
        owner[way.fused] = number
    return owner


def _in_time(over_cameras: Variances, fused: Fused, owner: Indices, is_independent: NDArray[np.bool_]) -> Variances:
    """How looks vary from moment to moment: as `over_cameras`, where those together are no surer than one, else as their mean does."""
    together = _variances(fused.looks, owner)
    between, within = (
        np.where(is_independent, one, other) for one, other in zip(together[:2], over_cameras[:2], strict=True)
    )
    return Variances(between, within)


def _alikeness(fused: Fused, owner: Indices, step_s: float) -> Floats:
    """How alike the errors of the looks of one way are, (c,), from how they change over it."""
    known = (owner >= 0) & fused.looks.any(axis=1)
    piece = identity.pieces(owner, np.asarray(fused.tick * step_s, dtype=np.float64))
    return identity.learn_alikeness(fused.looks[known], owner[known], piece[known])


def _variances(looks: Floats, owner: Indices) -> Variances:
    """How looks, (n, c), vary between ways and within one, over cameras and time; `owner` (n,) is the way, -1 if none."""
    known = (owner >= 0) & looks.any(axis=1)
    return identity.learn(looks[known], owner[known])
