"""A mall with annexes: people go from room to room, and no camera sees what another one of another room sees."""

import itertools

import numpy as np
import pytest

from pipelines.simulator.annexes import route
from pipelines.simulator.cameras import hang
from pipelines.simulator.drawing import Painter
from pipelines.simulator.figure import Crowd
from pipelines.simulator.plan import Plan, lay_out
from pipelines.simulator.scenery import build_stage
from pipelines.simulator.stage import Stage
from pipelines.simulator.textures import decorate
from pipelines.simulator.walkers import Walks, walk
from pipelines.simulator.wardrobe import dress

HALL_CAMERAS, ANNEXES, PEOPLE, RATE_HZ = 4, 2, 12, 10.0
CELL_M = 0.5


@pytest.fixture(scope="module")
def plan() -> Plan:
    return lay_out(2, np.random.default_rng(5), ANNEXES)


@pytest.fixture(scope="module")
def stages(plan: Plan) -> list[Stage]:
    random = np.random.default_rng(1)
    views, decor = hang(plan, HALL_CAMERAS, random), decorate(random)
    return [build_stage(view, plan, decor) for view in views]


@pytest.fixture(scope="module")
def walks(plan: Plan) -> Walks:
    random = np.random.default_rng(6)
    return walk(plan, random.uniform(1.5, 1.95, PEOPLE), 1000, RATE_HZ, random)


def room_at(plan: Plan, x_m: np.ndarray) -> np.ndarray:
    """The number of the room at each x, -1 in a passage or before the doors of the mall."""
    return sum(((x_m > x0) & (x_m < x1)) * (number + 1) for number, (x0, _, x1, _) in enumerate(plan.rooms)) - 1


def test_every_annexe_has_a_camera_of_its_own_and_a_section(plan: Plan, stages: list[Stage]) -> None:
    assert len(stages) == HALL_CAMERAS + ANNEXES
    assert [room_at(plan, np.array(stage.view.x_m)) for stage in stages] == [0, 0, 0, 0, 1, 2]
    assert [section.id for section in plan.sections][-ANNEXES:] == ["annexe-1", "annexe-2"]


def test_cameras_of_two_rooms_see_no_floor_in_common(stages: list[Stage]) -> None:
    seen = [_cells(stage) for stage in stages]
    of_rooms = [set().union(*seen[:HALL_CAMERAS]), *seen[HALL_CAMERAS:]]
    assert all(len(cells) > 100 for cells in of_rooms)
    assert all(not one & other for one, other in itertools.combinations(of_rooms, 2))


def test_nobody_in_a_passage_is_seen(plan: Plan, stages: list[Stage]) -> None:
    looks = [dress(np.random.default_rng(person)) for person in range(6)]
    for west, east in itertools.pairwise(plan.rooms):
        places = np.column_stack([np.linspace(west[2] + 0.4, east[0] - 0.4, 6), np.full(6, (west[1] + west[3]) / 2)])
        crowd = Crowd(looks, places, *(np.zeros(6) for _ in range(3)))
        assert all(Painter(stage).draw(crowd)[1].visible.max() == 0 for stage in stages)


def test_the_floor_of_a_long_mall_is_drawn_to_the_rim_of_the_picture(stages: list[Stage]) -> None:
    undrawn = [(stage.bgr == 60).all(axis=2).mean() for stage in stages]
    assert max(undrawn) < 0.001


def test_people_cross_passages_both_ways(plan: Plan, walks: Walks) -> None:
    ways = set()
    for person in range(PEOPLE):
        rooms = room_at(plan, walks.xy_m[:, person, 0])
        visited = rooms[rooms >= 0]
        ways |= {(int(one), int(other)) for one, other in itertools.pairwise(visited) if one != other}
    assert {(0, 1), (1, 0)} <= ways <= {(0, 1), (1, 0), (1, 2), (2, 1)}


def test_nobody_stops_in_a_passage_or_below_the_camera_of_an_annexe(plan: Plan) -> None:
    rooms = room_at(plan, plan.spots[:, 0])
    assert set(rooms) == {0, 1, 2}
    assert all(plan.spots[rooms == number, 0].min() > plan.rooms[number][0] + 3 for number in (1, 2))


def test_nobody_leaves_the_rooms_but_by_their_doorways(plan: Plan, walks: Walks) -> None:
    xy_m = walks.xy_m[np.isfinite(walks.xy_m[:, :, 0])]
    middle = plan.doors[0].inside[1]
    for x0, y0, x1, y1 in plan.rooms:
        beside = (np.abs(xy_m[:, None, 0] - [x0, x1]) < 0.2).any(axis=1)
        assert np.abs(xy_m[beside, 1] - middle).max(initial=0) < 1.6
        within = (xy_m[:, 0] > x0) & (xy_m[:, 0] < x1)
        assert xy_m[within, 1].min(initial=y0 + 1) > y0
        assert xy_m[within, 1].max(initial=y1 - 1) < y1


def test_one_goes_straight_in_a_room_and_by_all_doors_between_rooms(plan: Plan) -> None:
    in_hall, at_shop, in_second = np.array([8.0, 5.0]), np.array([20.0, 16.0]), np.array([plan.rooms[2][0] + 5, 11.0])
    assert route(plan.rooms, in_hall, at_shop) == [at_shop]
    there, back = route(plan.rooms, in_hall, in_second), route(plan.rooms, in_second, in_hall)
    assert room_at(plan, np.array([place[0] for place in there])).tolist() == [0, 1, 1, 2, 2]
    assert room_at(plan, np.array([place[0] for place in back])).tolist() == [2, 1, 1, 0, 0]
    assert there[-1] is in_second


def _cells(stage: Stage) -> set[tuple[int, int]]:
    """The squares of the floor that a camera sees, things and walls in between considered."""
    floor = stage.floor_m[stage.floor_m[..., 0] < 1e5]
    ground = floor[(floor >= 0).all(axis=1) & (floor < 200).all(axis=1)]
    return {(int(x), int(y)) for x, y in np.unique(np.floor(ground / CELL_M).astype(int), axis=0)}
