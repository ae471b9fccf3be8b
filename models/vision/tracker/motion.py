"""How people walk: an Ornstein-Uhlenbeck velocity on each axis, and the Kalman filter that follows from it.

The velocity forgets itself with a time constant and keeps a fixed spread, so the motion is stationary and
time-reversible: the filter that runs from the future to the past is the same filter, on negated velocities.
A state is (x, y, vx, vy) in m and m/s. (Uhlenbeck and Ornstein 1930; Särkkä, Bayesian Filtering and Smoothing, ch. 4.)

People mostly keep their velocity, but stop, set off and turn at once: any step may be a manoeuvre, after which the velocity
is soon forgotten. Both possibilities are weighed at each step and taken together as one Gaussian (the generalised
pseudo-Bayesian filter of first order; Bar-Shalom, Li and Kirubarajan 2001, section 11.6.3).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MEMORY_S = 12.0
"""tau: how long a walking velocity lasts. 3 s loses crowds, 30 s loses people who stop (measured)."""
MANOEUVRE_S, MANOEUVRES = 1.5, 0.1
"""How long a velocity lasts in a manoeuvre, and the share of steps that are one."""
SURPRISE = 4.0
"""A detection nearer than this squared Mahalanobis distance to where a steady walk leads raises no thought of a manoeuvre."""
SPEED_VARIANCE = 0.95**2
"""Variance of each velocity component, (m/s)^2; 0.95 m/s a component is 1.2 m/s of mean speed."""
REVERSE = np.array([1.0, 1.0, -1.0, -1.0])
"""Negates the velocity of a state: the same walk seen backward."""

_PLACE, _VELOCITY = np.diag([1.0, 1.0, 0.0, 0.0]), np.diag([0.0, 0.0, 1.0, 1.0])
_PLACE_BY_VELOCITY = np.eye(4, k=2)
_MOVES = np.stack([_PLACE_BY_VELOCITY, _VELOCITY]).reshape(2, 16)
_SPREADS = SPEED_VARIANCE * np.stack([_PLACE, _PLACE_BY_VELOCITY + _PLACE_BY_VELOCITY.T, _VELOCITY]).reshape(3, 16)
_OVERLAP_CONSTANT = 2 * np.log(SPEED_VARIANCE) - np.log(2 * np.pi)


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


def predict(states: States, gap_s: Floats, memory_s: float | Floats = MEMORY_S) -> States:
    """Each state `gap_s` (n,) seconds later; its velocity lasts `memory_s`, () or (n,), that of a steady walk unless given."""
    transition, noise = _transition(gap_s, memory_s)
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


def follow(states: States, gap_s: Floats, xy_m: Floats, noise_m2: Floats, manoeuvres: float = MANOEUVRES) -> States:
    """Each state `gap_s` (n,) seconds later and after a detection there, at `xy_m` (n, 2) with noise (n, 2, 2).

    `manoeuvres` is the share of steps that are one, 0 if none is.
    """
    steady = predict(states, gap_s)
    updated = update(steady, xy_m, noise_m2)
    surprise, steady_spread = _innovation(steady, xy_m, noise_m2)
    rows = np.flatnonzero(surprise > (SURPRISE if manoeuvres else np.inf))
    if len(rows):
        moved = predict(States(states.mean[rows], states.covariance[rows]), gap_s[rows], MANOEUVRE_S)
        distance, spread = _innovation(moved, xy_m[rows], noise_m2[rows])
        log_odds = 0.5 * (surprise[rows] - distance + np.log(steady_spread[rows] / spread)) + _log_odds(manoeuvres)
        share = 1 / (1 + np.exp(-np.clip(log_odds, -50, 50)))
        other = update(moved, xy_m[rows], noise_m2[rows])
        updated.mean[rows], updated.covariance[rows] = _mixed(
            States(updated.mean[rows], updated.covariance[rows]), other, share
        )
    return updated


def log_meeting(past: States, future: States, gap_s: Floats, manoeuvres: float = MANOEUVRES) -> Floats:
    """How well `future`, `gap_s` (n,) seconds later, goes on from `past`, (n,): `log_overlap`, steady or in a manoeuvre."""
    if not manoeuvres:
        return log_overlap(predict(past, gap_s), future)
    past, future = (States(np.tile(one.mean, (2, 1)), np.tile(one.covariance, (2, 1, 1))) for one in (past, future))
    memory_s = np.repeat([MEMORY_S, MANOEUVRE_S], len(gap_s))  # in one go: there are many calls with few states each
    steady, moved = log_overlap(predict(past, np.tile(gap_s, 2), memory_s), future).reshape(2, -1)
    return np.asarray(np.logaddexp(np.log1p(-manoeuvres) + steady, np.log(manoeuvres) + moved))


def reverse(states: States) -> States:
    """The states of the same walks seen backward in time."""
    return States(states.mean * REVERSE, states.covariance * np.outer(REVERSE, REVERSE))


def log_overlap(past: States, future: States) -> Floats:
    """How well two states of one moment agree, (n,): log of the integral of N(x; past) N(x; future) / N(v; 0, s2) dx.

    Both states count what is known of velocities in general; the division takes it out once. The product of the two is a
    Gaussian N(x; c, C) times N(past - future; 0, sum of covariances); the mean of 1 / N(v; 0, s2) under it is closed.
    """
    away = future.mean - past.mean
    both = past.covariance + future.covariance
    solved = np.linalg.solve(both, np.concatenate([past.covariance[:, :, 2:], away[:, :, None]], axis=2))
    agreed = past.covariance[:, 2:] @ solved
    c = past.mean[:, 2:] + agreed[:, :, 2]
    # s2 - C of the velocities, (2, 2), inverted by hand.
    xx, xy, _, yy = (SPEED_VARIANCE * np.eye(2) - past.covariance[:, 2:, 2:] + agreed[:, :, :2]).reshape(-1, 4).T
    determinant = xx * yy - xy**2
    general = (yy * c[:, 0] ** 2 - 2 * xy * c[:, 0] * c[:, 1] + xx * c[:, 1] ** 2) / determinant
    distance = np.einsum("ni,ni->n", away, solved[:, :, 2])
    spread = np.linalg.det(both) * determinant
    return np.asarray(0.5 * (general - distance - np.log(spread)) + _OVERLAP_CONSTANT)


def fuse(past: States, future: States) -> States:
    """The states given both sides, the general knowledge of velocities counted once (equals Rauch-Tung-Striebel)."""
    precision, pull, offset = _message(future)
    widened = np.eye(4) + past.covariance @ precision
    pulled = past.mean - offset + (past.covariance @ pull[:, :, None])[:, :, 0]
    mean = np.asarray(np.linalg.solve(widened, pulled[:, :, None])[:, :, 0] + offset)
    return States(mean, np.asarray(np.linalg.solve(widened, past.covariance)))


def _log_odds(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _innovation(states: States, xy_m: Floats, noise_m2: Floats) -> tuple[Floats, Floats]:
    """Squared Mahalanobis distance of places to where they are expected, (n,), and the determinant of that covariance, (n,)."""
    return squared_distance(xy_m - states.mean[:, :2], states.covariance[:, :2, :2] + noise_m2)


def squared_distance(away_m: Floats, covariance_m2: Floats) -> tuple[Floats, Floats]:
    """Squared Mahalanobis distance, (n,), of planar errors (n, 2), and the determinant, (n,), of each covariance (n, 2, 2)."""
    xx, xy, _, yy = covariance_m2.reshape(-1, 4).T
    x, y = away_m.T
    determinant = xx * yy - xy**2
    return (yy * x**2 - 2 * xy * x * y + xx * y**2) / determinant, determinant


def _mixed(one: States, other: States, share: Floats) -> States:
    """The Gaussian with mean and covariance of a mixture, `share` (n,) of it the other."""
    apart, share = other.mean - one.mean, share[:, None]
    spread = (share * (1 - share) * apart)[:, :, None] * apart[:, None, :]
    covariance = one.covariance + share[:, :, None] * (other.covariance - one.covariance) + spread
    return States(one.mean + share * apart, covariance)


def _message(future: States) -> tuple[Floats, Floats, Floats]:
    """N(x; future) / N(v; 0, s2), up to a factor, as exp(pull'u - u' precision u / 2), u = x - offset (places only, for accuracy)."""
    inverse = np.asarray(np.linalg.inv(future.covariance))
    offset = future.mean @ _PLACE
    pull = (inverse @ (future.mean - offset)[:, :, None])[:, :, 0]
    return inverse - _VELOCITY / SPEED_VARIANCE, pull, offset


def _transition(gap_s: Floats, memory_s: float | Floats) -> tuple[Floats, Floats]:
    """Transition and noise matrices, (n, 4, 4) each, over `gap_s` (n,)."""
    gap = gap_s / memory_s
    keep = np.exp(-gap)
    lost = 1 - keep
    walked_s = memory_s * lost
    place, both, velocity = memory_s**2 * (2 * gap - 3 + 4 * keep - keep**2), walked_s * lost, lost * (1 + keep)
    transition = _PLACE + (np.column_stack([walked_s, keep]) @ _MOVES).reshape(-1, 4, 4)
    noise = np.column_stack([place, both, velocity]) @ _SPREADS
    return transition, noise.reshape(-1, 4, 4)
