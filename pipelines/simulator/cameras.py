"""Where the cameras of the simulated mall hang and what they are called."""

import numpy as np

from models.world.places import Camera
from pipelines.simulator.plan import BAY_M, Plan
from pipelines.simulator.view import View

FRAME_RATE_HZ = 10
KEYFRAME_INTERVAL_S = 1
_OFF_WALL_M = 0.5
_PINWHEEL_DEG = 4.0
"""Corner cameras look past the diagonal by this, all the same way round, so that each wall is seen by one of them."""


def bays_for(cameras: int) -> int:
    """How many bays so many cameras of the hall watch: two cameras each."""
    return max(1, -(-cameras // 2))


def hang(plan: Plan, count: int, random: np.random.Generator) -> list[View]:
    """So many views of the hall, 4.7 to 5.3 m high: from its corners first, then in pairs across the inner bays; then one of each
    annexe, along it from above its west door.
    """
    x0, y0, x1, y1 = plan.hall
    low_x, low_y, high_x, high_y = x0 + _OFF_WALL_M, y0 + _OFF_WALL_M, x1 - _OFF_WALL_M, y1 - _OFF_WALL_M
    corners = [(low_x, low_y, 45.0), (high_x, high_y, 225.0), (high_x, low_y, 135.0), (low_x, high_y, -45.0)]
    places = [(x, y, degrees + _PINWHEEL_DEG) for x, y, degrees in corners]
    for bay in range(1, bays_for(count) - 1):
        x = x0 + (bay + 0.5) * BAY_M
        places += [(x, low_y, 90.0), (x, high_y, -90.0)]
    along = [(west + _OFF_WALL_M, (low + high) / 2, 0.0) for west, low, _, high in plan.annexes]
    return [_view(*place, random) for place in places[:count] + along]


def _view(x_m: float, y_m: float, degrees: float, random: np.random.Generator) -> View:
    yaw, tilt = np.radians([degrees + random.uniform(-1.5, 1.5), random.uniform(32, 35)])
    return View(x_m, y_m, float(random.uniform(4.7, 5.3)), float(yaw), float(tilt), float(random.uniform(370, 390)))


def camera(number: int, view: View) -> Camera:
    """The camera `cam1`, `cam2`, .. of a view, as the site knows it."""
    return Camera(
        f"cam{number}",
        0,
        view.width_px,
        view.height_px,
        float(FRAME_RATE_HZ),
        float(KEYFRAME_INTERVAL_S),
        view.calibration(),
    )
