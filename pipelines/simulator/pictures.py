"""Pictures to learn from: many halls, camera poses, lights and crowds, with what is in them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.world.attributes import UNKNOWN
from models.world.errors import BadInput
from pipelines.simulator.drawing import Painter, Sight
from pipelines.simulator.figure import LACKS, SHOWS, Crowd, Part
from pipelines.simulator.plan import Plan, lay_out
from pipelines.simulator.scenery import build_stage
from pipelines.simulator.sensor import Grain, any_sensor
from pipelines.simulator.stage import Stage
from pipelines.simulator.textures import decorate
from pipelines.simulator.view import View
from pipelines.simulator.wardrobe import Look, dress

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]
PICTURES_PER_POSE = 8
EMPTY_SHARE = 0.1
MIN_VISIBLE, MIN_HEIGHT_PX = 0.25, 12.0
"""A person of whom less is shown, or who is smaller, gets no box."""
MIN_PART_VISIBLE = 0.4
"""An attribute whose part of the body is shown less than this is unknown."""
_APART_M = 0.45


class TrainingPicture(NamedTuple):
    """A picture, bgr (h, w, 3); boxes (n, 4) px xyxy, attributes and, of those who recur, the numbers (n,) of the people in it."""

    bgr: Image
    boxes_px: NDArray[np.float32]
    attributes: list[dict[str, str]]
    people: list[int]


def training_pictures(
    seed: int, count: int, *, size_px: tuple[int, int] = (640, 384), recurring: Sequence[Look] = ()
) -> Iterator[TrainingPicture]:
    """`count` pictures of `size_px` (width, height). Everybody is somebody new, unless there are `recurring` people to be drawn from.

    A box goes round the whole drawn figure, clipped to the picture, hidden parts included; a person less than
    `MIN_VISIBLE` visible or lower than `MIN_HEIGHT_PX` has none. An attribute whose part of the body is hidden is
    `unknown`. The same seed gives the same pictures. Raises BadInput for a negative count.
    """
    if count < 0:
        raise BadInput(f"a number of pictures is 0 or more; got {count}")
    for pose in range(-(-count // PICTURES_PER_POSE)):
        random = np.random.default_rng([seed, pose])
        plan = lay_out(int(random.integers(1, 4)), random)
        sensor = any_sensor(random, spread=0.12, noise=random.uniform(0.5, 5.0))
        stage = build_stage(_any_view(plan, random, size_px), plan, decorate(random), sensor.gains)
        grain = Grain(sensor, size_px[1], size_px[0])
        for _ in range(min(PICTURES_PER_POSE, count - pose * PICTURES_PER_POSE)):
            yield _picture(stage, grain, plan, random, recurring)


def _picture(
    stage: Stage, grain: Grain, plan: Plan, random: np.random.Generator, recurring: Sequence[Look]
) -> TrainingPicture:
    crowd, people = _any_crowd(stage.view, plan, random, recurring)
    picture, sight = Painter(stage).draw(crowd)
    boxes = sight.boxes_px
    listed = (sight.visible >= MIN_VISIBLE) & (boxes[:, 3] - boxes[:, 1] >= MIN_HEIGHT_PX)
    rows = np.nonzero(listed)[0].tolist()
    attributes = [_attributes(crowd.looks[row], sight, row) for row in rows]
    finished = compressed(grain.over(picture), random)
    return TrainingPicture(finished, boxes[rows].astype(np.float32), attributes, [people[row] for row in rows])


def _attributes(look: Look, sight: Sight, row: int) -> dict[str, str]:
    return {
        key: value if sight.share(row, _shown_by(key, value)) >= MIN_PART_VISIBLE else UNKNOWN
        for key, value in look.attributes.items()
    }


def _shown_by(key: str, value: str) -> Sequence[Part]:
    return LACKS[key] if value == "no" and key in LACKS else SHOWS[key]


def _any_view(plan: Plan, random: np.random.Generator, size_px: tuple[int, int]) -> View:
    x0, y0, x1, y1 = plan.hall
    x, y = random.uniform(x0 + 0.3, x1 - 0.3), random.uniform(y0 + 0.3, y1 - 0.3)
    target = np.array([random.uniform(x0, x1), random.uniform(y0 + 3, y1 - 3)])
    yaw = float(np.arctan2(target[1] - y, target[0] - x))
    tilt = float(np.radians(random.uniform(16, 52)))
    focal = float(random.uniform(0.42, 0.95) * size_px[0])
    return View(x, y, random.uniform(3.3, 6.2), yaw, tilt, focal, *size_px, roll=float(random.normal(0, 0.015)))


def _any_crowd(
    view: View, plan: Plan, random: np.random.Generator, recurring: Sequence[Look]
) -> tuple[Crowd, list[int]]:
    """People in the picture and, if they are drawn from `recurring`, their numbers; else each a number of the crowd's own."""
    wanted = 0 if random.random() < EMPTY_SHARE else int(random.integers(1, 26))
    xy = _places(view, plan, min(wanted, len(recurring)) if recurring else wanted, random)
    count = len(xy)
    walking = random.random(count) < 0.7
    people = random.choice(len(recurring), count, replace=False).tolist() if recurring else list(range(count))
    looks = [recurring[person] for person in people] if recurring else [dress(random) for _ in people]
    turns = random.uniform(0, 2 * np.pi, (2, count))
    return Crowd(looks, xy, turns[0], turns[1], np.where(walking, random.uniform(0.5, 1.0, count), 0.0)), people


def _places(view: View, plan: Plan, wanted: int, random: np.random.Generator) -> Floats:
    """Free floor positions under random points of the picture and its rims, more or fewer far away, nobody nearer than `_APART_M`."""
    x0, y0, x1, y1 = plan.hall
    size = np.array([view.width_px, view.height_px])
    shares = random.random((wanted * 6, 2))
    shares[:, 1] **= random.uniform(1.0, 2.0)
    floor = view.floor_point((1.2 * shares - 0.05) * size)
    in_hall = (floor > [x0 + 0.3, y0 + 0.3]).all(axis=1) & (floor < [x1 - 0.3, y1 - 0.3]).all(axis=1)
    circles, kept = plan.circles, list[Floats]()
    for place in floor[in_hall]:
        clear = np.hypot(*(circles[:, :2] - place).T) > circles[:, 2] + 0.2
        apart = all(np.hypot(*(other - place)) > _APART_M for other in kept)
        if clear.all() and apart and len(kept) < wanted:
            kept.append(place)
    return np.array(kept).reshape(-1, 2)


def compressed(picture: Image, random: np.random.Generator) -> Image:
    """The picture after a lossy codec: a little soft, with block noise."""
    blur = random.uniform(0.0, 0.7)
    soft = cv2.GaussianBlur(picture, (5, 5), blur) if blur > 0.25 else picture
    coded = cv2.imencode(".jpg", soft, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(45, 96))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8)
