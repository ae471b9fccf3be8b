"""How far off the places are that each camera gives, learned from what other cameras say of the same people.

A foot point is off by so many pixels, which is little on the floor near the camera, and far away more along the line of sight than
across it. With m metres a pixel across the line of sight and a camera over c, the covariance at x is

    R(x) = e^2 I + a^2 m^2 I + b^2 m^2 (x - c) (x - c)'

where e are errors that are the same everywhere, a is in pixels and b in pixels by the camera's height. Each camera's e, a, b and c
are those under which the distances of its sightings from what the others make of the same people are likeliest. Where errors are
the same everywhere a and b come out as nothing.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from models.vision.tracker import identity
from models.vision.tracker.motion import squared_distance
from pipelines.association.fusing import Fused, fuse
from pipelines.association.tracklets import Floats, Indices, Sightings

ROUNDS = 4
SURPLUS = 1.5
"""Only what is near enough to be fused is seen of the errors, so they are larger than they seem."""
FEWEST = 50
"""Fewer sightings that other cameras confirm say nothing about a camera."""
MOST = 2000
"""More of them say nothing new."""
FARTHEST = 16.0
"""A squared Mahalanobis distance above this is another person's."""
LEAST_M, BOUND = 0.08, 1e-3


def learned(seen: Sightings, per_px_m: Floats) -> Sightings:
    """The sightings with the errors of their places as their cameras' others show them; `per_px_m` (n,) across the line of sight.

    Cameras that no other confirms keep the errors they have. What is not one camera's error is another's: so all are changed
    at once, and only by half of what each finds.
    """
    unknown = identity.nobody_differs(seen.looks.shape[1])
    for _ in range(ROUNDS):
        off_m, others_m2 = _against_others(seen, fuse(seen, unknown))
        noise_m2 = seen.noise_m2.copy()
        for camera in np.unique(seen.camera):
            rows = np.flatnonzero(seen.camera == camera)
            known = _confirmed(rows, seen, off_m, others_m2)
            if len(known) >= FEWEST:
                shape = _likeliest(off_m[known], others_m2[known], seen.xy_m[known], per_px_m[known])
                found_m2 = SURPLUS * _covariance(shape, seen.xy_m[rows], per_px_m[rows])
                noise_m2[rows] = (noise_m2[rows] + found_m2) / 2
        if (noise_m2 == seen.noise_m2).all():
            break
        seen = replace(seen, noise_m2=noise_m2)
    return seen


def _confirmed(rows: Indices, seen: Sightings, off_m: Floats, others_m2: Floats) -> Indices:
    """Those of a camera's rows, no more than `MOST`, in which others see the same person."""
    known = rows[np.isfinite(off_m[rows, 0])]
    known = known[squared_distance(off_m[known], others_m2[known] + seen.noise_m2[known])[0] < FARTHEST]
    every = max(1, -(-len(known) // MOST))
    return np.asarray(known[::every])


def _against_others(seen: Sightings, fused: Fused) -> tuple[Floats, Floats]:
    """How far each sighting is from where the other cameras see that person, (n, 2), and how sure those are, (n, 2, 2); nan if none does."""
    own = np.linalg.inv(seen.noise_m2)
    total = np.linalg.inv(fused.noise_m2)[fused.member]
    shared = np.bincount(fused.member)[fused.member] > 1
    others_m2, off_m = np.full((len(seen), 2, 2), np.nan), np.full((len(seen), 2), np.nan)
    others_m2[shared] = np.linalg.inv(total[shared] - own[shared])
    pull = (total @ fused.xy_m[fused.member][:, :, None] - own @ seen.xy_m[:, :, None])[shared]
    off_m[shared] = seen.xy_m[shared] - (others_m2[shared] @ pull)[:, :, 0]
    return off_m, others_m2


def _likeliest(off_m: Floats, others_m2: Floats, xy_m: Floats, per_px_m: Floats) -> Floats:
    """e, a, b, and c of one camera."""

    def unlikely(shape: Floats) -> float:
        distance, determinant = squared_distance(off_m, others_m2 + _covariance(shape, xy_m, per_px_m))
        return float((distance + np.log(determinant)).mean())

    far = _far_side(xy_m, per_px_m)
    start = np.array([0.2, 1.0, 0.3, *(xy_m.mean(axis=0) - 8 * far)])
    bounds = [(LEAST_M, None), (BOUND, None), (BOUND, None), (None, None), (None, None)]
    return np.asarray(minimize(unlikely, start, method="L-BFGS-B", bounds=bounds).x)


def _far_side(xy_m: Floats, per_px_m: Floats) -> Floats:
    """The direction in which a camera looks, (2,): where a pixel is worth more metres."""
    terms = np.column_stack([np.ones(len(xy_m)), xy_m - xy_m.mean(axis=0)])
    slope = np.linalg.lstsq(terms, per_px_m, rcond=None)[0][1:]
    return np.asarray(slope / max(float(np.linalg.norm(slope)), 1e-12))


def _covariance(shape: Floats, xy_m: Floats, per_px_m: Floats) -> Floats:
    even, across, along = shape[:3]
    away = (xy_m - shape[3:]) * per_px_m[:, None]
    isotropic = even**2 + (across * per_px_m) ** 2
    return np.asarray(isotropic[:, None, None] * np.eye(2) + along**2 * away[:, :, None] * away[:, None, :])
