"""People who walk through tell whether calibrations still fit: a camera that was moved is named, the others are not."""

import uuid
from dataclasses import replace

import numpy as np
import pytest

from models.world.places import Camera
from pipelines.association.tracklets import Tracklet
from pipelines.calibration_check import Checked, check
from pipelines.simulator.view import View

VIEWS = {
    "cam1": View(0.5, 0.5, 5.0, np.radians(45), np.radians(33), 380.0),
    "cam2": View(19.5, 13.5, 4.8, np.radians(225), np.radians(34), 375.0),
    "cam3": View(19.5, 0.5, 5.2, np.radians(135), np.radians(32), 385.0),
}
CAMERAS = [
    Camera(name, 0, view.width_px, view.height_px, 10.0, 1.0, view.calibration()) for name, view in VIEWS.items()
]


def walked(views: dict[str, View], people: int = 40, noise_px: float = 1.5) -> list[Tracklet]:
    """Straight ways through the hall, as loose boxes in every view that shows the whole person, a second apart."""
    random, tracklets = np.random.default_rng(5), []
    for person in range(people):
        start, end = random.uniform([2, 2], [18, 12], (2, 2))
        speed, distance = random.normal(1.3, 0.1), np.linalg.norm(end - start)
        seconds = np.arange(max(3, int(distance / speed)))
        way = start + (end - start) / distance * (speed * seconds)[:, None]
        height = random.normal(1.72, 0.08)
        for name, view in views.items():
            low, _ = view.project(np.column_stack([way, np.zeros(len(way))]))
            high, _ = view.project(np.column_stack([way, np.full(len(way), height)]))
            wide = (low[:, 1] - high[:, 1]) / 6
            boxes = np.column_stack([low[:, 0] - wide, high[:, 1], low[:, 0] + wide, low[:, 1]])
            boxes += random.normal(0, noise_px, boxes.shape)
            shown = ((boxes > 0) & (boxes < [640, 384, 640, 384])).all(axis=1)
            if shown.sum() >= 3:
                times = person * 7.0 + seconds[shown]
                sure = np.full(len(times), 0.9)
                ids = (uuid.UUID(int=1 + len(tracklets)), uuid.UUID(int=0))
                tracklets.append(Tracklet(*ids, name, times, boxes[shown].astype(np.float32), sure, way[shown]))
    return tracklets


def by_camera(found: list[Checked]) -> dict[str, Checked]:
    return {one.camera: one for one in found}


def test_cameras_that_hang_as_they_did_fit_and_see_people_as_they_are() -> None:
    for one in check(CAMERAS, walked(VIEWS)):
        assert one.reasons == ()
        assert one.judged
        assert one.height_m == pytest.approx(1.72, abs=0.05)
        assert one.near_to_far == pytest.approx(1.0, abs=0.05)
        assert one.speed_m_s == pytest.approx(1.3, abs=0.1)
        assert all(agreement.apart_m < 0.15 for agreement in one.agreements)


@pytest.mark.parametrize("name", list(VIEWS))
@pytest.mark.parametrize(
    "turn", [{"yaw": 5.0}, {"yaw": -5.0}, {"tilt": 3.0}, {"tilt": -3.0}], ids=["left", "right", "down", "up"]
)
def test_a_camera_that_was_turned_is_named_and_the_others_are_not(name: str, turn: dict[str, float]) -> None:
    ((axis, degrees),) = turn.items()
    turned = replace(VIEWS[name], **{axis: getattr(VIEWS[name], axis) + np.radians(degrees)})
    found = by_camera(check(CAMERAS, walked({**VIEWS, name: turned})))
    assert found[name].reasons, found[name]
    assert [camera for camera, one in found.items() if one.reasons] == [name]


def test_a_camera_without_neighbours_is_told_by_the_height_of_people() -> None:
    lowered = replace(VIEWS["cam1"], height_m=3.8)
    (found,) = check(CAMERAS[:1], walked({"cam1": lowered}))
    assert "m high" in found.reasons[0]
    assert "is usual" in found.reasons[0]


def test_of_two_that_disagree_and_look_alike_both_are_named() -> None:
    turned = replace(VIEWS["cam2"], yaw=VIEWS["cam2"].yaw + np.radians(5))
    found = by_camera(check(CAMERAS[:2], walked({"cam1": VIEWS["cam1"], "cam2": turned})))
    assert "one of the two was moved" in found["cam1"].reasons[0] + found["cam2"].reasons[0]


def test_few_people_are_no_judgement() -> None:
    for one in check(CAMERAS, walked(VIEWS, people=1)):
        assert not one.judged
        assert one.reasons == ()
    assert [one.people for one in check(CAMERAS, [])] == [0, 0, 0]


def test_a_camera_without_calibration_is_not_checked() -> None:
    found = check([replace(CAMERAS[0], calibration=None), *CAMERAS[1:]], walked(VIEWS))
    assert [one.camera for one in found] == ["cam2", "cam3"]
