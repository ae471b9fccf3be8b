"""What single-camera detections are made from: who is where at every sample, and what each camera sees of the floor."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.world.places import Camera, Floor, with_homography
from pipelines.simulator.view import NEAR_M, View

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in metres."""
_CELL_M = 8.0
_CELLS = 1 << 12
"""Cells along each side of a floor: 32 km."""


@dataclass(frozen=True)
class Watch:
    """A camera and the `area` of its floor that walls leave it to see."""

    id: str
    floor: int
    view: View
    area: Box

    def sees(self, xy_m: Floats) -> NDArray[np.bool_]:
        """Whose feet are in its picture, (n, 2) m -> (n,)."""
        x0, y0, x1, y1 = self.area
        feet_px, depth = self.view.project(on_floor(xy_m))
        inside = (xy_m >= [x0, y0]) & (xy_m <= [x1, y1])
        shown = (feet_px >= 0) & (feet_px < [self.view.width_px, self.view.height_px])
        return np.asarray((depth > NEAR_M) & (inside & shown).all(axis=1))

    def anywhere(self, count: int, random: np.random.Generator) -> Floats:
        """So many places that it sees, (count, 2) m, spread evenly over its picture."""
        found = np.zeros((0, 2))
        while len(found) < count:
            drawn_px = random.uniform(0, [self.view.width_px, self.view.height_px], (4 * count, 2))
            drawn = self.view.floor_point(drawn_px)
            found = np.vstack([found, drawn[self.sees(drawn)]])
        return found[:count]

    def camera(self, fps: float) -> Camera:
        """The camera as the site knows it."""
        view = self.view
        calibration = with_homography(view.calibration().matrix)
        return Camera(self.id, self.floor, view.width_px, view.height_px, fps, 1 / fps, calibration)


@dataclass(frozen=True)
class Crowd:
    """Everybody at every sample: `xy_m` (people, samples, 2), nan where nobody could see them, and `floor` (people,
    samples); `height_m` (people,).
    """

    xy_m: NDArray[np.float32]
    floor: NDArray[np.int8]
    height_m: Floats

    @property
    def samples(self) -> int:
        """How many there are."""
        return int(self.xy_m.shape[1])

    def near(self, watch: Watch) -> Ints:
        """The moments at which somebody may be in the area of a camera, ascending, as person * samples + sample."""
        x0, y0, x1, y1 = watch.area
        moments, cells = self._moments_by_cell
        corners = np.array([[x0, y0], [x1, y1]])
        (left, low), (right, high) = np.floor(corners / _CELL_M).astype(int) + _CELLS // 2
        rows = (watch.floor * _CELLS + np.arange(low, high + 1)) * _CELLS
        starts, ends = np.searchsorted(cells, rows + left), np.searchsorted(cells, rows + right, side="right")
        return np.sort(np.concatenate([moments[start:end] for start, end in zip(starts, ends, strict=True)]))

    @cached_property
    def _moments_by_cell(self) -> tuple[Ints, Ints]:
        """All moments in order of the cell of the floor that they lie in, and those cells, row by row."""
        places = self.xy_m.reshape(-1, 2)
        moments = np.nonzero(np.isfinite(places[:, 0]))[0]
        column, row = (np.floor(places[moments] / _CELL_M).astype(np.int64) + _CELLS // 2).T
        cells = (self.floor.reshape(-1)[moments].astype(np.int64) * _CELLS + row) * _CELLS + column
        order = np.argsort(cells, kind="stable")
        return moments[order], cells[order]


@dataclass(frozen=True)
class Scene:
    """A place with its cameras and all that happens in it."""

    name: str
    floors: tuple[Floor, ...]
    watches: tuple[Watch, ...]
    crowd: Crowd


def on_floor(xy_m: Floats, height_m: Floats | float = 0.0) -> Floats:
    """Places on the floor, (n, 2) m, as points at a height over it, (n, 3) m."""
    return np.column_stack([xy_m, np.broadcast_to(height_m, len(xy_m))])


def heights(people: int, random: np.random.Generator) -> Floats:
    """How tall people are, (people,), 1.5 to 1.9 m."""
    return np.clip(random.normal(1.7, 0.09, people), 1.5, 1.9)
