"""Looks, long gaps, absent cameras, shadows and things: walkers made by hand before cameras that look straight down."""

import uuid
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from models.world.places import Camera, Floor, Site, with_homography
from pipelines.associate import associate
from pipelines.association.absence import weighed
from pipelines.association.fusing import Fused
from pipelines.association.stays import Stay
from pipelines.association.tracklets import Sightings, Tracklet
from pipelines.association.visitors import visitors

START_S = 1_796_000_400.0
PX_PER_M = 20.0
SITE = Site(
    "northgate",
    ZoneInfo("Europe/Berlin"),
    (Floor(0, "Ground", ((0, 0), (32, 0), (32, 20), (0, 20))),),
    (),
    tuple(
        Camera(f"cam{n}", 0, 640, 400, 10.0, 1.0, with_homography(np.diag([1 / PX_PER_M, 1 / PX_PER_M, 1.0])))
        for n in (1, 2)
    ),
)
RED, BLUE = np.eye(8)[0], np.eye(8)[1]


def tracklet(
    times_s: np.ndarray, xy_m: np.ndarray, looks: np.ndarray, camera: str = "cam1", confidence: float = 0.9
) -> Tracklet:
    """Somebody 40 px tall at the given places, with looks that vary a little from picture to picture."""
    rng = np.random.default_rng(len(times_s))
    feet = xy_m * PX_PER_M
    boxes = np.column_stack([feet[:, 0] - 8, feet[:, 1] - 40, feet[:, 0] + 8, feet[:, 1]]).astype(np.float32)
    varied = looks + rng.normal(0, 0.05, (len(times_s), len(looks)))
    unit = (varied / np.linalg.norm(varied, axis=1, keepdims=True)).astype(np.float32)
    name = uuid.uuid5(uuid.NAMESPACE_OID, f"{camera} {times_s[0]} {xy_m[0]}")
    sure = np.full(len(times_s), confidence, dtype=np.float32)
    return Tracklet(name, uuid.UUID(int=1), camera, START_S + times_s, boxes, sure, xy_m, unit)


def line(times_s: np.ndarray, start: tuple[float, float], velocity: tuple[float, float]) -> np.ndarray:
    return np.array(start) + times_s[:, None] * np.array(velocity)


def bystanders() -> list[Tracklet]:
    """Six more people, three in red and three in blue, walking far apart: from them one learns how looks differ."""
    times = np.arange(60.0)
    return [tracklet(times, line(times, (2, 14 + n), (0.4, 0)), RED if n % 2 else BLUE) for n in range(6)]


@pytest.mark.parametrize(("back", "persons"), [(RED, 1), (BLUE, 2)])
def test_who_is_unseen_for_fifteen_seconds_keeps_the_id_only_with_the_same_looks(
    back: np.ndarray, persons: int
) -> None:
    before, after = np.arange(20.0), np.arange(35.0, 60.0)
    walker = [
        tracklet(before, line(before, (4, 5), (0.4, 0)), RED),
        tracklet(after, line(after, (4, 5), (0.4, 0)), back),
    ]
    found = associate([*walker, *bystanders()], SITE)
    assert len(found) == 6 + persons


@pytest.mark.parametrize("pass_by", [True, False], ids=["pass", "turn back"])
def test_looks_tell_whether_two_who_met_passed_or_turned_back(pass_by: bool) -> None:
    before, after = np.arange(12.0), np.arange(15.0, 27.0)
    red = tracklet(before, line(before, (6.0, 6), (0.4, 0)), RED)
    blue = tracklet(before, line(before, (15.0, 6), (-0.4, 0)), BLUE)
    to_left = tracklet(after, line(after - 15, (10.4, 6), (-0.4, 0)), BLUE if pass_by else RED)
    to_right = tracklet(after, line(after - 15, (10.6, 6), (0.4, 0)), RED if pass_by else BLUE)
    found = associate([red, blue, to_left, to_right, *bystanders()], SITE)
    together = [{member.tracklet.tracklet_id for member in person.members} for person in found]
    assert {red.tracklet_id, (to_right if pass_by else to_left).tracklet_id} in together


def test_a_camera_that_looks_and_sees_nobody_speaks_against_a_person() -> None:
    """Twenty moments at one spot that both cameras see, then one that camera 0 sees alone; and one where only it ever looks."""
    spots = np.array([[5.0, 5.0]] * 21 + [[25.0, 5.0]])
    camera = np.array([0, 1] * 20 + [0, 0])
    member = np.array([moment for moment in range(20) for _ in (0, 1)] + [20, 21])
    count, rows = len(spots), len(camera)
    fused = Fused(
        np.arange(count), spots, np.zeros((count, 2, 2)), np.ones(count), np.zeros(count), np.zeros((count, 0)), member
    )
    empty = np.zeros(rows)
    seen = Sightings(
        np.zeros(rows, dtype=np.intp),
        camera,
        member,
        spots[member],
        np.zeros((rows, 2, 2)),
        empty,
        empty,
        np.zeros((rows, 0)),
    )
    strength = weighed(fused, seen).strength
    assert strength[:20] == pytest.approx(1.0)
    assert strength[20] < 0.3
    assert strength[21] > 0.8


def stay(xy_m: np.ndarray, rows: dict[int, int]) -> Stay:
    times = START_S + np.arange(len(xy_m), dtype=float)
    moments = {tracklet: np.arange(count) for tracklet, count in rows.items()}
    return Stay(0, date(2026, 11, 29), times, xy_m, moments, np.zeros(len(xy_m)), np.zeros(len(xy_m)), times)


@pytest.mark.parametrize(
    ("step_m", "confidence", "seconds", "stays"),
    [
        *((0.0, 0.5, 30, False), (0.0, 0.8, 30, True), (0.3, 0.5, 30, True), (0.0, 0.5, 12, True)),
        *((0.0, 0.5, 5, False), (0.0, 0.8, 5, True), (0.5, 0.5, 5, True), (0.3, 0.9, 3, False)),
    ],
    ids=["thing", "sure", "moves", "not for long", "error", "sure for a moment", "walks through", "only a moment"],
)
def test_visitors_move_and_last(step_m: float, confidence: float, seconds: int, stays: bool) -> None:
    times = np.arange(float(seconds))
    way = line(times, (5, 5), (step_m, 0))
    own = tracklet(times, way, RED, confidence=confidence)
    assert bool(visitors([stay(way, {0: seconds})], [own])) == stays


def test_who_owns_no_tracklet_is_a_shadow() -> None:
    times = np.arange(30.0)
    way = line(times, (5, 5), (0.3, 0))
    person, shadow = stay(way, {0: 25}), stay(way[:5] + 2.0, {0: 5})
    assert visitors([person, shadow], [tracklet(times, way, RED)]) == [person]


@pytest.mark.parametrize(
    ("aside_m", "other_camera", "remain"),
    [(0.4, "cam2", 1), (1.6, "cam2", 2), (0.4, "cam1", 2)],
    ids=["within reach", "beside", "nobody else looks"],
)
def test_a_second_box_around_somebody_is_nobody_if_other_cameras_see_one(
    aside_m: float, other_camera: str, remain: int
) -> None:
    times, short = np.arange(30.0), np.arange(10.0, 20.0)
    way, beside = line(times, (5, 5), (0.3, 0)), line(short, (5, 5 + aside_m), (0.3, 0))
    own = [tracklet(times, way, RED, other_camera), tracklet(times, way, RED), tracklet(short, beside, RED)]
    double = replace(stay(beside, {2: 10}), times_s=START_S + short)
    assert len(visitors([stay(way, {0: 30, 1: 30}), double], own)) == remain
