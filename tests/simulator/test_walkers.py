import numpy as np
import pytest

from pipelines.simulator.cameras import hang
from pipelines.simulator.forces import from_people, from_walls, settle, towards
from pipelines.simulator.plan import Plan, lay_out
from pipelines.simulator.walkers import Walks, walk

RATE_HZ = 10.0


@pytest.fixture(scope="module")
def plan() -> Plan:
    return lay_out(2, np.random.default_rng(5))


@pytest.fixture(scope="module")
def walks(plan: Plan) -> Walks:
    """A minute with 20 people, crowded enough that they must give way."""
    random = np.random.default_rng(6)
    return walk(plan, random.uniform(1.5, 1.95, 20), 600, RATE_HZ, random)


def test_nobody_walks_through_others(walks: Walks) -> None:
    away = np.linalg.norm(walks.xy_m[:, :, None] - walks.xy_m[:, None], axis=3)
    away[:, np.arange(20), np.arange(20)] = np.nan
    assert np.nanmin(away) > 0.4


def test_nobody_walks_into_pillars_plants_or_tables(plan: Plan, walks: Walks) -> None:
    gap = np.linalg.norm(walks.xy_m[:, :, None] - plan.circles[:, :2], axis=3) - plan.circles[:, 2]
    assert np.nanmin(gap) > 0.2


def test_nobody_walks_through_a_wall(plan: Plan, walks: Walks) -> None:
    before, after = walks.xy_m[:-1].reshape(-1, 2), walks.xy_m[1:].reshape(-1, 2)
    inside = np.isfinite(before[:, 0]) & np.isfinite(after[:, 0])
    for wall in plan.walls:
        assert not _cross(before[inside], after[inside], wall[0], wall[1]).any()


def test_people_walk_like_people(walks: Walks) -> None:
    speeds = np.linalg.norm(np.diff(walks.xy_m, axis=0), axis=2) * RATE_HZ
    walking = speeds[speeds > 0.5]
    assert np.nanmax(speeds) < 2.1
    assert 1.0 < np.median(walking) < 1.5
    assert 0.2 < len(walking) / np.isfinite(speeds).sum() < 0.8


def test_most_people_are_there_together_and_some_leave(walks: Walks) -> None:
    present = np.isfinite(walks.xy_m[:, :, 0])
    assert (present.sum(axis=1) >= 12).mean() > 0.5
    assert present.any(axis=0).all()
    assert not present[-1].all()


def test_people_come_and_go_by_the_doors_only(plan: Plan, walks: Walks) -> None:
    present = np.isfinite(walks.xy_m[:, :, 0])
    outside = np.array([door.outside for door in plan.doors])
    for person in range(20):
        first, last = np.nonzero(present[:, person])[0][[0, -1]]
        assert present[first : last + 1, person].all()
        for frame, edge in ((first, 0), (last, len(present) - 1)):
            if frame != edge:
                assert np.linalg.norm(outside - walks.xy_m[frame, person], axis=1).min() < 2.5


def test_people_face_the_way_they_walk(walks: Walks) -> None:
    steps = np.diff(walks.xy_m, axis=0)
    fast = np.linalg.norm(steps, axis=2) * RATE_HZ > 0.8
    facing = np.stack([np.cos(walks.heading[1:]), np.sin(walks.heading[1:])], axis=2)
    along = (steps * facing).sum(axis=2)[fast] / np.linalg.norm(steps, axis=2)[fast]
    assert np.quantile(along, 0.05) > 0.7


def test_a_person_on_the_way_round_a_pillar_turns_aside() -> None:
    pillar = np.array([[2.0, 0.0, 0.4]])
    start, goal = np.zeros((1, 2)), np.array([[5.0, 0.0]])
    pull = towards(start, np.zeros((1, 2)), goal, np.array([1.3]), pillar)
    assert pull[0, 0] > 0
    assert abs(pull[0, 1]) > 0.5


def test_bodies_pushed_together_come_apart() -> None:
    no_walls, nothing = np.array([[[50.0, 50], [60, 50]]]), np.zeros((0, 3))
    apart = settle(np.array([[0.0, 0.0], [0.1, 0.0]]), no_walls, nothing)
    assert np.linalg.norm(apart[0] - apart[1]) == pytest.approx(0.48)


def test_a_body_pushed_into_a_wall_or_a_table_comes_out() -> None:
    wall, table = np.array([[[0.0, 0.0], [9.0, 0.0]]]), np.array([[4.0, 4.0, 0.5]])
    out = settle(np.array([[5.0, 0.05], [4.0, 4.4]]), wall, table)
    assert out == pytest.approx(np.array([[5.0, 0.24], [4.0, 4.74]]))


def test_walls_things_and_people_push_away_the_more_the_nearer_they_are() -> None:
    wall, table = np.array([[[0.0, 0.0], [9.0, 0.0]]]), np.array([[5.0, 9.0, 0.5]])
    near_wall, far = from_walls(np.array([[5.0, 0.4], [5.0, 2.0]]), wall, table)[:, 1]
    assert near_wall > 1 > far > 0
    assert from_walls(np.array([[5.0, 8.2]]), wall, table)[0, 1] < -1
    pushed = from_people(np.array([[0.0, 0.0], [0.7, 0.0], [3.0, 0.0]]), np.tile([1.0, 0.0], (3, 1)))
    assert pushed[0, 0] < -0.3
    assert pushed[1, 0] > 0.2
    assert abs(pushed[2, 0]) < 0.1


def test_the_cameras_together_see_the_whole_hall(plan: Plan) -> None:
    x0, y0, x1, y1 = plan.hall
    x, y = np.meshgrid(np.arange(x0 + 0.6, x1 - 0.5, 0.5), np.arange(y0 + 0.6, y1 - 0.5, 0.5))
    feet = np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])
    times_seen = np.zeros(len(feet), dtype=int)
    for view in hang(plan, 4, np.random.default_rng(1)):
        shown = np.ones(len(feet), dtype=bool)
        for height in (0.0, 1.2):
            px, depth = view.project(feet + np.array([0, 0, height]))
            shown &= (depth > 1) & (px > 0).all(axis=1) & (px < [640, 384]).all(axis=1)
        times_seen += shown
    assert times_seen.min() >= 1
    assert (times_seen >= 2).mean() > 0.8


def _cross(before: np.ndarray, after: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    def side(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        return (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])

    apart = side(start, end, before) * side(start, end, after) < 0
    return apart & (side(before, after, start) * side(before, after, end) < 0)
