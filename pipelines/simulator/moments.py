"""Moments of a simulated mall: a picture a second of each camera and who is in it, without video in between."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.cameras import FRAME_RATE_HZ, bays_for, hang
from pipelines.simulator.drawing import Painter
from pipelines.simulator.figure import Crowd
from pipelines.simulator.pictures import compressed
from pipelines.simulator.plan import Plan, lay_out
from pipelines.simulator.scenery import build_stage
from pipelines.simulator.sensor import Grain, any_sensor
from pipelines.simulator.textures import Decor, decorate
from pipelines.simulator.view import View
from pipelines.simulator.walkers import Walks, walk
from pipelines.simulator.wardrobe import Look, dress

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Moment:
    """What one camera of the hall sees in one second: `bgr` (h, w, 3), the numbers of the people who are drawn, (n,), their boxes
    (n, 4) px xyxy, hidden parts included, and the share of each that is shown (n,).
    """

    second: int
    bgr: Image
    people: NDArray[np.int64]
    boxes_px: NDArray[np.float64]
    visible: NDArray[np.float64]


@dataclass(frozen=True)
class HallSize:
    """How many cameras and people a hall has, and how long it is watched."""

    cameras: int = 4
    people: int = 20
    seconds: int = 45


@dataclass(frozen=True)
class Hall:
    """A hall, who is in it and how they walk. `light` is how far exposures of cameras differ (white balances a third of it)."""

    plan: Plan
    decor: Decor
    looks: tuple[Look, ...]
    walks: Walks
    views: tuple[View, ...]
    seed: tuple[int, ...]
    light: float

    def moments(self, camera: int) -> Iterator[Moment]:
        """What one camera sees, second by second."""
        view, random = self.views[camera], np.random.default_rng([*self.seed, camera])
        sensor = any_sensor(random, spread=self.light)
        painter = Painter(build_stage(view, self.plan, self.decor, sensor.gains))
        grain = Grain(sensor, view.height_px, view.width_px)
        for frame in range(0, len(self.walks.xy_m), FRAME_RATE_HZ):
            people, crowd = self._present(frame)
            picture, sight = painter.draw(crowd)
            bgr = compressed(grain.over(picture), random)
            yield Moment(frame // FRAME_RATE_HZ, bgr, people, sight.boxes_px, sight.visible)

    def _present(self, frame: int) -> tuple[NDArray[np.int64], Crowd]:
        people = np.nonzero(np.isfinite(self.walks.xy_m[frame, :, 0]))[0]
        looks = [self.looks[person] for person in people.tolist()]
        columns = (self.walks.xy_m, self.walks.heading, self.walks.phase, self.walks.stride)
        return people, Crowd(looks, *(column[frame, people] for column in columns))


def open_hall(seed: tuple[int, ...], size: HallSize, *, light: float) -> Hall:
    """A hall with everybody's ways through it; the same seed gives the same, in whatever light."""
    random = np.random.default_rng(seed)
    plan = lay_out(bays_for(size.cameras), random)
    looks = tuple(dress(random) for _ in range(size.people))
    heights = np.array([look.height_m for look in looks])
    walks = walk(plan, heights, size.seconds * FRAME_RATE_HZ, FRAME_RATE_HZ, random)
    decor = decorate(random)
    return Hall(plan, decor, looks, walks, tuple(hang(plan, size.cameras, random)), seed, light)
