"""What is known of ways in view, and of which of them are one person's."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.association.tracklets import Floats, Indices, Ints


@dataclass(frozen=True)
class Visits:
    """n ways: `start_s`, `end_s` (n,), `first_camera`, `last_camera` (n,), `looks` (n, c) their means; and of each camera
    the `floor` and the middle `xy_m` of what it sees, (k,) and (k, 2).
    """

    start_s: Floats
    end_s: Floats
    first_camera: Ints
    last_camera: Ints
    looks: Floats
    floor: Ints
    xy_m: Floats

    def __len__(self) -> int:
        return len(self.start_s)


@dataclass(frozen=True)
class Returns:
    """Of n visits: the number of each one's `person` (n,), and the likeliest visit `before` (n,) it, -1 where there is none, with the
    `gain` (n,) of that link in nats and its `probability` (n,), nan where there is none. Where `is_open` (n,) the link is left open:
    too doubtful, or it would join two names or what is at one time.
    """

    person: Indices
    before: Indices
    gain: Floats
    probability: Floats
    is_open: NDArray[np.bool_]
