"""What goes into the tracker and what comes out, as columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class DetectionTable:
    """Boxes of one camera in any order.

    `taken_at_s` (n,) seconds; `frame` (n,); `boxes_px` (n, 4) left, top, right, bottom; `confidence` (n,) 0..1;
    `embedding` (n, d) looks of each person, or None. Raises ValueError if the columns differ in length.
    """

    taken_at_s: Floats
    frame: Ints
    boxes_px: Floats32
    confidence: Floats32
    embedding: Floats32 | None = None

    def __post_init__(self) -> None:
        n = len(self.taken_at_s)
        shapes = [self.frame.shape, self.boxes_px.shape, self.confidence.shape]
        if shapes != [(n,), (n, 4), (n,)] or (self.embedding is not None and self.embedding.shape[:1] != (n,)):
            raise ValueError(
                f"a detection table needs {n} frames, boxes (n, 4) and confidences like its times; got {shapes}"
            )


@dataclass(frozen=True)
class Tracks:
    """One row for each sample of each track, ordered by track and time; tracks are numbered from 0 by first sight.

    `boxes_px` (n, 4) left, top, right, bottom; `confidence` (n,), nan where the sample was missed and is interpolated;
    `xy_m` (n, 2) smoothed floor position; `velocity_mps` (n, 2); `covariance_m2` (n, 3) its xx, xy, yy;
    `detection` (n,) row of the detection table, -1 where interpolated.
    """

    track: Ints
    frame: Ints
    taken_at_s: Floats
    boxes_px: Floats32
    confidence: Floats32
    xy_m: Floats
    velocity_mps: Floats
    covariance_m2: Floats
    detection: Ints

    def __len__(self) -> int:
        return len(self.track)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Tracks":
        """Some of the rows, by index or mask."""
        return Tracks(**{name: column[rows] for name, column in vars(self).items()})
