"""The layout `overlapping`: one hall of 22 x 13 m in which everybody walks, stops and crosses before all cameras."""

import numpy as np

from pipelines.simulator.detections.scene import Box, Crowd, Scene, Watch, heights
from pipelines.simulator.output import Progress
from pipelines.simulator.plan import BORDER_M, Plan, lay_out
from pipelines.simulator.view import View
from pipelines.simulator.walkers import walk

_BAYS = 2
_STEP_HZ = 10.0
_OFF_WALL_M = 0.5


def hall(cameras: int, people: int, samples: int, fps: float, random: np.random.Generator, progress: Progress) -> Scene:
    """People who walk by the social-force model; `progress` is told the share of time gone."""
    plan, height_m = lay_out(_BAYS, random), heights(people, random)
    watches = _around(plan, cameras, random)
    stride = int(np.ceil(_STEP_HZ / fps))
    walks = walk(plan, height_m, samples * stride, fps * stride, random, progress)
    xy_m = walks.xy_m[::stride].transpose(1, 0, 2).astype(np.float32)
    return Scene("hall", (plan.floor,), watches, Crowd(xy_m, np.zeros(xy_m.shape[:2], np.int8), height_m))


def _around(plan: Plan, count: int, random: np.random.Generator) -> tuple[Watch, ...]:
    """Cameras at equal distances along the walls, that look to the middle."""
    x0, y0, x1, y1 = plan.hall
    low, high = np.array([x0, y0]) + _OFF_WALL_M, np.array([x1, y1]) - _OFF_WALL_M
    corners = np.array([low, (high[0], low[1]), high, (low[0], high[1]), low])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    stops = np.arange(count) * along[-1] / count
    area = (x0 - BORDER_M, y0, x1 + BORDER_M, y1)
    return tuple(
        _watch(
            number,
            float(np.interp(stop, along, corners[:, 0])),
            float(np.interp(stop, along, corners[:, 1])),
            area,
            random,
        )
        for number, stop in enumerate(stops, start=1)
    )


def _watch(number: int, x_m: float, y_m: float, area: Box, random: np.random.Generator) -> Watch:
    middle = np.array([(area[0] + area[2]) / 2, (area[1] + area[3]) / 2]) + random.uniform(-1.5, 1.5, 2)
    yaw = float(np.arctan2(middle[1] - y_m, middle[0] - x_m))
    tilt = float(np.radians(random.uniform(28, 33)))
    view = View(x_m, y_m, float(random.uniform(4.2, 5.0)), yaw, tilt, float(random.uniform(370, 390)))
    return Watch(f"cam{number}", 0, view, area)
