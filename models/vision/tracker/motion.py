"""How people walk: an Ornstein-Uhlenbeck velocity on each axis, and the Kalman filter that follows from it.

The velocity forgets itself with a time constant and keeps a fixed spread, so the motion is stationary and
time-reversible: the filter that runs from the future to the past is the same filter, on negated velocities.
A state is (x, y, vx, vy) in m and m/s. (Uhlenbeck and Ornstein 1930; Särkkä, Bayesian Filtering and Smoothing, ch. 4.)
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MEMORY_S = 12.0
"""tau: how long a walking velocity lasts. 3 s loses crowds, 30 s loses people who stop (measured)."""
SPEED_VARIANCE = 0.95**2
"""Variance of each velocity component, (m/s)^2; 0.95 m/s a component is 1.2 m/s of mean speed."""
REVERSE = np.array([1.0, 1.0, -1.0, -1.0])
"""Negates the velocity of a state: the same walk seen backward."""

_PLACE, _VELOCITY = np.diag([1.0, 1.0, 0.0, 0.0]), np.diag([0.0, 0.0, 1.0, 1.0])
_PLACE_BY_VELOCITY = np.eye(4, k=2)


class States(NamedTuple):
    """n Gaussian states: `mean` (n, 4) and `covariance` (n, 4, 4)."""

    mean: Floats
    covariance: Floats


def first(xy_m: Floats, noise_m2: Floats) -> States:
    """What one detection says: its place with its noise, (n, 2) and (n, 2, 2), and the velocity of people at large."""
    mean = np.zeros((len(xy_m), 4))
    covariance = np.zeros((len(xy_m), 4, 4))
    mean[:, :2], covariance[:, :2, :2] = xy_m, noise_m2
    covariance[:, [2, 3], [2, 3]] = SPEED_VARIANCE
    return States(mean, covariance)


def predict(states: States, gap_s: Floats) -> States:
    """Each state `gap_s` (n,) seconds later."""
    transition, noise = _transition(gap_s)
    mean = (transition @ states.mean[:, :, None])[:, :, 0]
    return States(mean, transition @ states.covariance @ transition.transpose(0, 2, 1) + noise)


def update(states: States, xy_m: Floats, noise_m2: Floats) -> States:
    """Each state after a detection at `xy_m` (n, 2) with noise (n, 2, 2)."""
    to_place = states.covariance[:, :, :2]
    gain = to_place @ np.linalg.inv(states.covariance[:, :2, :2] + noise_m2)
    mean = states.mean + (gain @ (xy_m - states.mean[:, :2])[:, :, None])[:, :, 0]
    covariance = states.covariance - gain @ to_place.transpose(0, 2, 1)
    # Rounding leaves a trace of asymmetry that every further update would double.
    return States(mean, (covariance + covariance.transpose(0, 2, 1)) / 2)


def reverse(states: States) -> States:
    """The states of the same walks seen backward in time."""
    return States(states.mean * REVERSE, states.covariance * np.outer(REVERSE, REVERSE))


def log_overlap(past: States, future: States) -> Floats:
    """How well two states of one moment agree, (n,): log of the integral of N(x; past) N(x; future) / N(v; 0, s2) dx.

    Both states count what is known of velocities in general; the division takes it out once.
    """
    precision, pull, constant, offset = _message(future)
    mean = past.mean - offset
    widened = np.eye(4) + past.covariance @ precision
    residual = pull - (precision @ mean[:, :, None])[:, :, 0]
    shift = np.linalg.solve(widened, past.covariance @ residual[:, :, None])[:, :, 0]
    at_mean = np.einsum("ni,ni->n", pull, mean) - 0.5 * np.einsum("ni,nij,nj->n", mean, precision, mean)
    return np.asarray(
        constant + at_mean + 0.5 * np.einsum("ni,ni->n", residual, shift) - 0.5 * np.log(np.linalg.det(widened))
    )


def fuse(past: States, future: States) -> States:
    """The states given both sides, the general knowledge of velocities counted once (equals Rauch-Tung-Striebel)."""
    precision, pull, _, offset = _message(future)
    widened = np.eye(4) + past.covariance @ precision
    pulled = past.mean - offset + (past.covariance @ pull[:, :, None])[:, :, 0]
    mean = np.asarray(np.linalg.solve(widened, pulled[:, :, None])[:, :, 0] + offset)
    return States(mean, np.asarray(np.linalg.solve(widened, past.covariance)))


def _message(future: States) -> tuple[Floats, Floats, Floats, Floats]:
    """N(x; future) / N(v; 0, s2) as exp(constant + pull'u - u' precision u / 2), u = x - offset (places only, for accuracy)."""
    inverse = np.asarray(np.linalg.inv(future.covariance))
    offset = future.mean @ _PLACE
    mean = future.mean - offset
    pull = (inverse @ mean[:, :, None])[:, :, 0]
    log_determinant = np.log(np.linalg.det(future.covariance))
    constant = -0.5 * (np.einsum("ni,ni->n", pull, mean) + log_determinant) + np.log(SPEED_VARIANCE) - np.log(2 * np.pi)
    return inverse - _VELOCITY / SPEED_VARIANCE, pull, constant, offset


def _transition(gap_s: Floats) -> tuple[Floats, Floats]:
    """Transition and noise matrices, (n, 4, 4) each, over `gap_s` (n,)."""
    gap = (gap_s / MEMORY_S)[:, None, None]
    keep = np.exp(-gap)
    transition = _PLACE + MEMORY_S * (1 - keep) * _PLACE_BY_VELOCITY + keep * _VELOCITY
    place = MEMORY_S**2 * (2 * gap - 3 + 4 * keep - keep**2)
    both = MEMORY_S * (1 - keep) ** 2
    noise = place * _PLACE + both * (_PLACE_BY_VELOCITY + _PLACE_BY_VELOCITY.T) + (1 - keep**2) * _VELOCITY
    return transition, SPEED_VARIANCE * noise
