"""A person's way over one floor: positions at times, and what can be computed from them.

Sampling by the clock loses people: 30 s rows find about half of those who pass a door, so questions use the path.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LOCATION_STEP_S = 30.0
"""`person_location` holds a position at every full multiple of this many seconds, and at first and last sight."""
SIMPLIFY_M = 0.25
"""A stored path is nowhere further than this from the full one, at the same moment."""


@dataclass(frozen=True)
class Path:
    """A stay on one floor: `times_s` (n,) strictly rising epoch seconds, `xy_m` (n, 2); straight in between.

    `unseen_s` (k, 2) are the times within it from when to when nobody saw the person, in order and apart: the way there is inferred.
    """

    floor: int
    times_s: Floats
    xy_m: Floats
    unseen_s: Floats = field(default_factory=lambda: np.zeros((0, 2)))

    def __post_init__(self) -> None:
        if self.xy_m.shape != (len(self.times_s), 2) or not len(self.times_s):
            raise ValueError(
                f"a path needs as many positions as times, at least one; got {self.xy_m.shape} and {self.times_s.shape}"
            )
        if (np.diff(self.times_s) <= 0).any():
            raise ValueError("the times of a path must rise strictly")
        if (np.diff(self.unseen_s.ravel()) <= 0).any():
            raise ValueError("the times at which nobody sees the person must be in order and apart")

    @property
    def length_m(self) -> float:
        """The distance covered in metres."""
        return float(np.linalg.norm(np.diff(self.xy_m, axis=0), axis=1).sum())

    def at(self, times_s: Floats) -> Floats:
        """Positions at the given times, (m,) s -> (m, 2) m; nan outside the path."""
        columns = [np.interp(times_s, self.times_s, self.xy_m[:, axis], left=np.nan, right=np.nan) for axis in (0, 1)]
        return np.column_stack(columns)

    def between(self, start_s: float, end_s: float) -> "Path":
        """The part of the path between two moments within it."""
        inner = self.times_s[(self.times_s > start_s) & (self.times_s < end_s)]
        times_s = np.unique(np.concatenate([[start_s], inner, [end_s]]))
        unseen_s = np.clip(self.unseen_s, start_s, end_s)
        return Path(self.floor, times_s, self.at(times_s), unseen_s[unseen_s[:, 0] < unseen_s[:, 1]])

    def seen(self) -> Iterator["Path"]:
        """The parts of the path in which somebody sees the person."""
        edges_s = np.concatenate([self.times_s[:1], self.unseen_s.ravel(), self.times_s[-1:]]).reshape(-1, 2)
        for start_s, end_s in edges_s:
            if start_s < end_s or not len(self.unseen_s):
                yield self.between(start_s, end_s)


def simplified(path: Path, tolerance_m: float = SIMPLIFY_M) -> Path:
    """The path with fewer points, never more than `tolerance_m` off at any moment.

    Douglas-Peucker with the synchronised distance (Meratnia and de By 2004, TD-TR): a point is kept when it is
    far from where a straight, even walk between its neighbours would have been at that moment.
    """
    keep = np.zeros(len(path.times_s), dtype=bool)
    keep[[0, -1]] = True
    spans = [(0, len(path.times_s) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        errors = _errors_m(path, first, last)
        worst = int(errors.argmax())
        if errors[worst] > tolerance_m:
            middle = first + 1 + worst
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return replace(path, times_s=path.times_s[keep], xy_m=path.xy_m[keep])


def _errors_m(path: Path, first: int, last: int) -> Floats:
    inner = slice(first + 1, last)
    share = (path.times_s[inner] - path.times_s[first]) / (path.times_s[last] - path.times_s[first])
    straight = path.xy_m[first] + share[:, None] * (path.xy_m[last] - path.xy_m[first])
    return np.asarray(np.linalg.norm(path.xy_m[inner] - straight, axis=1))


def cut_at_hours(path: Path) -> Iterator[Path]:
    """The path in pieces of at most one UTC hour; the position at a full hour is in both pieces."""
    borders = np.arange(np.floor(path.times_s[0] / 3600) + 1, np.ceil(path.times_s[-1] / 3600)) * 3600.0
    edges = [path.times_s[0], *borders, path.times_s[-1]]
    if len(edges) == 2:
        yield path
        return
    for start, end in itertools.pairwise(edges):
        yield path.between(start, end)
