"""How often to look: at few pictures first, then between those where it is doubtful who is who.

Most of the time a camera sees few people, or none, and a picture every other second says all: decoding one costs more than
all that follows. Where the tracker cannot tell who is who (`models.vision.tracker.doubt`) the picture in the middle is looked at
too, and so on down to the full rate.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker.doubt import doubtful
from models.vision.tracker.tables import DetectionTable
from models.world.places import Camera

Indices = NDArray[np.intp]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Rate:
    """`sample_fps` pictures a second where it is doubtful who is who, elsewhere one each `longest_step_s` seconds or more often."""

    sample_fps: float = 1.0
    longest_step_s: float = 2.0

    @property
    def stride(self) -> int:
        """Every so many-th of the pictures at the full rate is looked at anyway."""
        return max(1, int(self.longest_step_s * self.sample_fps + 1e-6))

    def __str__(self) -> str:
        """Such as `0.5-1fps`, or `1fps` where it does not change."""
        fastest = f"{self.sample_fps:g}fps"
        return fastest if self.stride == 1 else f"{self.sample_fps / self.stride:.3g}-{fastest}"


class Looks:
    """Which of the n pictures that could be looked at, taken at `taken_at_s` (n,), have been: none at first.

    `first` gives those to begin with, `closer` those to look at then, again and again until it gives none.
    """

    def __init__(self, taken_at_s: Floats, stride: int) -> None:
        self._taken_at_s, self._stride = taken_at_s, stride
        self._looked = np.zeros(len(taken_at_s), dtype=bool)
        self._clear = np.zeros(len(taken_at_s), dtype=bool)

    @property
    def times_s(self) -> Floats:
        """When the pictures looked at were taken, ascending."""
        return self._taken_at_s[self._looked]

    def first(self) -> Indices:
        """The pictures to begin with: every `stride`-th, and the last."""
        self._looked[:: self._stride] = True
        self._looked[-1:] = True
        return np.flatnonzero(self._looked)

    def closer(self, seen: DetectionTable, camera: Camera) -> Indices:
        """The pictures to look at next, given what was seen so far: the middle of each gap in doubt; a clear one stays clear."""
        known = np.flatnonzero(self._looked)
        after = np.flatnonzero((np.diff(known) > 1) & ~self._clear[known[:-1]])
        if not len(after) or camera.calibration is None:
            return after[:0]  # who is only counted need not be told from others
        in_doubt = doubtful(seen, camera.calibration, (camera.width_px, camera.height_px), self.times_s)
        self._clear[known[:-1][~in_doubt]] = True
        after = after[in_doubt[after]]
        middle = (known[after] + known[after + 1]) // 2
        self._looked[middle] = True
        return middle
