import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.vision.tracker import motion
from models.vision.tracker.motion import States

Floats = NDArray[np.float64]
NOISE = np.array([[[0.05, 0.02], [0.02, 0.1]]])


def walked(places: list[tuple[float, float]], gap_s: float) -> States:
    states = motion.first(np.array(places[:1]), NOISE)
    for place in places[1:]:
        states = motion.update(motion.predict(states, np.array([gap_s])), np.array([place]), NOISE)
    return states


@given(st.floats(0.01, 100))
def test_the_spread_of_velocities_stays_the_same_however_long_one_predicts(gap_s: float) -> None:
    later = motion.predict(motion.first(np.zeros((1, 2)), NOISE), np.array([gap_s]))
    assert later.covariance[0, 2:, 2:] == pytest.approx(motion.SPEED_VARIANCE * np.eye(2))


@given(st.floats(0.01, 5), st.floats(0.01, 5))
def test_two_predictions_are_one(first_s: float, second_s: float) -> None:
    states = walked([(0, 0), (1, 0.3)], 1.0)
    steps = motion.predict(motion.predict(states, np.array([first_s])), np.array([second_s]))
    whole = motion.predict(states, np.array([first_s + second_s]))
    assert steps.mean == pytest.approx(whole.mean)
    assert steps.covariance == pytest.approx(whole.covariance, abs=1e-9)


@given(st.lists(st.tuples(st.floats(-20, 20), st.floats(-20, 20)), min_size=3, max_size=6), st.floats(0.2, 4))
@settings(deadline=None)
def test_a_walk_is_as_likely_forward_as_backward(places: list[tuple[float, float]], gap_s: float) -> None:
    def log_likelihood(walk: list[tuple[float, float]]) -> float:
        gap = np.array([gap_s])
        return sum(
            float(
                motion.log_overlap(
                    motion.predict(walked(walk[:k], gap_s), gap), motion.first(np.array(walk[k : k + 1]), NOISE)
                )[0]
            )
            for k in range(1, len(walk))
        )

    assert log_likelihood(places) == pytest.approx(log_likelihood(places[::-1]), rel=1e-6, abs=1e-6)


def test_the_closed_form_of_the_overlap_equals_a_numeric_integral() -> None:
    past = motion.predict(walked([(0, 0), (1.0, 0.2)], 1.0), np.array([1.0]))
    future = motion.reverse(walked([(3.2, 0.1), (2.1, 0.3)], 1.0))
    assert float(motion.log_overlap(past, future)[0]) == pytest.approx(log_of_integral(past, future), abs=1e-3)


def log_of_integral(past: States, future: States) -> float:
    """On a grid along the main axes of the product, 21 points each way, +-6 standard deviations."""
    fused = motion.fuse(past, future)
    roots = np.linalg.cholesky(fused.covariance[0])
    ticks = np.linspace(-6, 6, 21)
    unit = np.stack(np.meshgrid(ticks, ticks, ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 4)
    states = fused.mean[0] + unit @ roots.T
    prior = np.diag([motion.SPEED_VARIANCE] * 2)
    logs = log_normal(states, past) + log_normal(states, future)
    logs -= log_normal(states[:, 2:], States(np.zeros((1, 2)), prior[None]))
    cell = np.linalg.det(roots) * (ticks[1] - ticks[0]) ** 4
    return float(np.log(np.exp(logs).sum() * cell))


def log_normal(points: Floats, states: States) -> Floats:
    away = points - states.mean[0]
    covariance = states.covariance[0]
    squares = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
    return np.asarray(-0.5 * (squares + np.log(np.linalg.det(2 * np.pi * covariance))))


def test_fusing_both_sides_counts_each_detection_once() -> None:
    places = [(0.0, 0.0), (1.0, 0.3), (2.1, 0.2)]
    future = motion.reverse(motion.predict(walked(places[:1:-1], 1.0), np.array([1.0])))
    fused = motion.fuse(walked(places[:2], 1.0), future)
    # The same by one Gaussian over all three states, conditioned on all three places.
    gaps = np.abs(np.subtract.outer(np.arange(3.0), np.arange(3.0)))
    velocity = motion.SPEED_VARIANCE * np.exp(-gaps / motion.MEMORY_S)
    assert fused.mean[0] == pytest.approx(conditioned(places, velocity), abs=1e-3)


def conditioned(places: list[tuple[float, float]], velocity: Floats) -> Floats:
    """The middle state, by least squares over places and velocities with a wide prior of the place."""
    transition, noise = motion._transition(np.array([1.0]), motion.MEMORY_S)
    start = np.diag([1e6, 1e6, velocity[0, 0], velocity[0, 0]])
    covariances = [start, transition[0] @ start @ transition[0].T + noise[0]]
    covariances.append(transition[0] @ covariances[1] @ transition[0].T + noise[0])
    joint = np.block(
        [
            [covariances[0], (transition[0] @ covariances[0]).T, (transition[0] @ transition[0] @ covariances[0]).T],
            [transition[0] @ covariances[0], covariances[1], (transition[0] @ covariances[1]).T],
            [transition[0] @ transition[0] @ covariances[0], transition[0] @ covariances[1], covariances[2]],
        ]
    )
    observe = np.kron(np.eye(3), np.eye(2, 4))
    scatter = observe @ joint @ observe.T + np.kron(np.eye(3), NOISE[0])
    return np.asarray(joint[4:8] @ observe.T @ np.linalg.solve(scatter, np.array(places).ravel()))


def test_a_long_track_keeps_a_symmetric_covariance() -> None:
    covariance = walked([(0.1 * k, 0.0) for k in range(300)], 0.5).covariance[0]
    assert (covariance == covariance.T).all()
    assert np.linalg.eigvalsh(covariance).min() > 0


def followed(places: list[tuple[float, float]], gap_s: float) -> States:
    states = motion.first(np.array(places[:1]), NOISE / 10)
    for place in places[1:]:
        states = motion.follow(states, np.array([gap_s]), np.array([place]), NOISE / 10)
    return states


WALKING = [(0.6 * step, 0.0) for step in range(8)]


def test_who_stops_at_once_is_soon_believed_to_stand() -> None:
    stopped = followed([*WALKING, WALKING[-1], WALKING[-1]], 0.5)
    steady = motion.predict(followed(WALKING, 0.5), np.array([1.0]))
    assert steady.mean[0, 2] > 1.0
    assert abs(stopped.mean[0, 2]) < 0.35


def test_who_keeps_walking_is_followed_as_by_the_filter_of_a_steady_walk() -> None:
    states = motion.first(np.array(WALKING[:1]), NOISE / 10)
    for place in WALKING[1:]:
        states = motion.update(motion.predict(states, np.array([0.5])), np.array([place]), NOISE / 10)
    assert followed(WALKING, 0.5).mean == pytest.approx(states.mean)
    assert followed(WALKING, 0.5).covariance == pytest.approx(states.covariance)


def test_a_stop_costs_a_meeting_less_than_it_costs_a_steady_walk() -> None:
    past, standing, gap = followed(WALKING, 0.5), followed([(3.9, 0.0)] * 6, 0.5), np.array([0.5])
    meeting = float(motion.log_meeting(past, motion.reverse(standing), gap)[0])
    assert meeting > float(motion.log_overlap(motion.predict(past, gap), motion.reverse(standing))[0]) + 2
    straight = motion.reverse(followed([(4.8 + 0.6 * step, 0.0) for step in range(6)][::-1], 0.5))
    steady = float(motion.log_overlap(motion.predict(past, gap), straight)[0])
    assert float(motion.log_meeting(past, straight, gap)[0]) == pytest.approx(steady, abs=0.2)
