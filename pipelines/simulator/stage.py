"""The empty hall as one camera sees it: what people are drawn into."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.view import View

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Lamps:
    """The light over the floor: 1 plus waves (k, 4) of amplitude, frequency along x and y (rad/m) and phase."""

    waves: tuple[tuple[float, float, float, float], ...] = ()

    def at(self, xy_m: NDArray[np.floating]) -> NDArray[np.floating]:
        """The brightness factor at floor positions, (..., 2) m -> (...)."""
        light = np.ones(xy_m.shape[:-1], dtype=xy_m.dtype)
        for amplitude, along_x, along_y, phase in self.waves:
            light += amplitude * np.sin(along_x * xy_m[..., 0] + along_y * xy_m[..., 1] + phase)
        return np.asarray(light)


@dataclass(frozen=True)
class Stage:
    """The empty hall as a camera sees it.

    `bgr` (h, w, 3) and `gains`, the camera's own exposure and white balance that is in it; `range_m` (h, w) float32, how far from the camera, along the floor, the thing
    shown stands (infinite for the floor and all that is behind everybody); `brightness` is the light on the people.
    """

    view: View
    bgr: Image
    range_m: NDArray[np.float32]
    brightness: Lamps
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @cached_property
    def floor_m(self) -> NDArray[np.float32]:
        """Where each pixel's ray meets the floor, (h, w, 2) m; far away where something stands on it or above the horizon."""
        height, width = self.range_m.shape
        columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        floor = self.view.floor_point(np.stack([columns, rows], axis=2).reshape(-1, 2)).reshape(height, width, 2)
        floor[np.isnan(floor) | np.isfinite(self.range_m)[:, :, None]] = 1e6
        return floor.astype(np.float32)
