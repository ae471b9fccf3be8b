"""How often to look: at few pictures first, then between those where it is doubtful who is who.

Decoding a picture costs more than all that follows, and at night a camera sees nobody for hours: a picture every four
seconds tells whether anybody is there. Where somebody is, the picture in the middle is looked at too: every other second says
all as long as few are about. Where the tracker cannot tell who is who (`models.vision.tracker.doubt`) it goes on so down to the full
rate. Who comes and goes between two looks at an empty scene is missed.
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


PRESENT = 0.2
"""Confidence from which a detection says that somebody may be there."""


@dataclass(frozen=True)
class Rate:
    """`sample_fps` pictures a second where it is doubtful who is who; elsewhere one each `longest_step_s` seconds, and each
    `empty_step_s` where nobody is; or more often.
    """

    sample_fps: float = 1.0
    longest_step_s: float = 2.0
    empty_step_s: float = 4.0

    @property
    def stride(self) -> int:
        """Every so many-th of the pictures at the full rate is looked at where somebody is."""
        return max(1, int(self.longest_step_s * self.sample_fps + 1e-6))

    @property
    def empty_stride(self) -> int:
        """And every so many-th where nobody is: `stride`, or twice, four times, .. as much."""
        doublings = int(np.log2(max(1.0, self.empty_step_s * self.sample_fps / self.stride)) + 1e-6)
        return self.stride << doublings

    def __str__(self) -> str:
        """Such as `0.25-1fps`, or `1fps` where it does not change."""
        fastest = f"{self.sample_fps:g}fps"
        return fastest if self.empty_stride == 1 else f"{self.sample_fps / self.empty_stride:.3g}-{fastest}"


class Looks:
    """Which of the n pictures that could be looked at, taken at `taken_at_s` (n,), have been: none at first.

    `first` gives those to begin with, `closer` those to look at then, again and again until it gives none. Where somebody
    is, at least every `stride`-th is looked at, elsewhere at least every `empty_stride`-th.
    """

    def __init__(self, taken_at_s: Floats, stride: int, empty_stride: int) -> None:
        self._taken_at_s, self._stride, self._empty_stride = taken_at_s, stride, empty_stride
        self._looked = np.zeros(len(taken_at_s), dtype=bool)
        self._clear = np.zeros(len(taken_at_s), dtype=bool)

    @property
    def times_s(self) -> Floats:
        """When the pictures looked at were taken, ascending."""
        return self._taken_at_s[self._looked]

    def first(self) -> Indices:
        """The pictures to begin with: every `empty_stride`-th, and the last."""
        self._looked[:: self._empty_stride] = True
        self._looked[-1:] = True
        return np.flatnonzero(self._looked)

    def closer(self, seen: DetectionTable, camera: Camera) -> Indices:
        """The pictures to look at next, given what was seen so far: the middle of each gap that is too long for the people at
        its ends; then of each in doubt. A clear one stays clear.
        """
        known = np.flatnonzero(self._looked)
        after = self._too_long(known, seen)
        if not len(after):
            after = self._in_doubt(known, seen, camera)
        middle = (known[after] + known[after + 1]) // 2
        self._looked[middle] = True
        return middle

    def _too_long(self, known: Indices, seen: DetectionTable) -> Indices:
        """The gaps between the pictures `known` that are longer than they may be beside somebody."""
        present_s = seen.taken_at_s[seen.confidence >= PRESENT]
        somebody = np.isin(self._taken_at_s[known], present_s)
        return np.flatnonzero((np.diff(known) > self._stride) & (somebody[:-1] | somebody[1:]))

    def _in_doubt(self, known: Indices, seen: DetectionTable, camera: Camera) -> Indices:
        """The gaps between the pictures `known` in which it is doubtful who is who."""
        after = np.flatnonzero((np.diff(known) > 1) & ~self._clear[known[:-1]])
        if not len(after) or camera.calibration is None:
            return after[:0]  # who is only counted need not be told from others
        in_doubt = doubtful(seen, camera.calibration, (camera.width_px, camera.height_px), self.times_s)
        self._clear[known[:-1][~in_doubt]] = True
        return after[in_doubt[after]]
