"""Many paths at once, as columns, and what is computed from all of them in one go.

What `models.world.paths` says of one path holds here for each of many: straight and even in between, within one UTC hour.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.world.paths import LOCATION_STEP_S, Path
from models.world.places import Point, inside

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
TOUCHING_S = 0.001
"""Parts of a path inside an area that are no further apart are one visit."""
_SPAN_S = 4096.0
_BORDER_M = 1e-9
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Ways:
    """k paths of n points in all: `floors` (k,), `edges` (k + 1,) with path i in `[edges[i], edges[i + 1])` of `times_s`
    (n,) and `xy_m` (n, 2).
    """

    floors: Indices
    edges: Indices
    times_s: Floats
    xy_m: Floats

    @classmethod
    def of(cls, paths: Iterable[Path]) -> "Ways":
        """The paths as columns, in their order."""
        listed = list(paths)
        if not listed:
            return cls(np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros(0), np.zeros((0, 2)))
        edges = np.cumsum([0, *(len(path.times_s) for path in listed)])
        return cls(
            np.array([path.floor for path in listed]),
            edges,
            np.concatenate([path.times_s for path in listed]),
            np.concatenate([path.xy_m for path in listed]),
        )

    def __len__(self) -> int:
        return len(self.floors)

    def chosen(self, which: Indices | NDArray[np.bool_]) -> "Ways":
        """Some of the paths, by index or mask, in the given order."""
        numbers = np.flatnonzero(which) if which.dtype == np.bool_ else which
        sizes = np.diff(self.edges)[numbers]
        edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        points = np.arange(edges[-1]) + np.repeat(self.edges[numbers] - edges[:-1], sizes)
        return Ways(self.floors[numbers], edges, self.times_s[points], self.xy_m[points])

    @property
    def starts_s(self) -> Floats:
        """(k,) first moments."""
        return self.times_s[self.edges[:-1]]

    @property
    def ends_s(self) -> Floats:
        """(k,) last moments."""
        return self.times_s[self.edges[1:] - 1]

    @property
    def lengths_m(self) -> Floats:
        """(k,) distances covered."""
        steps = np.linalg.norm(np.diff(self.xy_m, axis=0, prepend=self.xy_m[:1]), axis=1)
        if len(self):
            steps[self.edges[:-1]] = 0.0
        sums = np.concatenate([[0.0], np.cumsum(steps)])
        return np.asarray(sums[self.edges[1:]] - sums[self.edges[:-1]])

    @property
    def owners(self) -> Indices:
        """(n,) which path a point belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.edges))


@dataclass(frozen=True)
class Visits:
    """v times inside an area: `path` (v,) indices, `from_s` and `to_s` (v,), in order of path and time."""

    path: Indices
    from_s: Floats
    to_s: Floats


def sampled(ways: Ways, step_s: float = LOCATION_STEP_S) -> tuple[Indices, Floats, Floats]:
    """Path index (m,), time (m,) and position (m, 2) at each path's first, last and every full multiple of `step_s` between."""
    if not len(ways):
        return np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 2))
    first, last = np.floor(ways.starts_s / step_s) + 1, np.ceil(ways.ends_s / step_s) - 1
    ticks = np.maximum(last - first + 1, 0).astype(np.int64)
    single = ways.starts_s == ways.ends_s
    counts = ticks + np.where(single, 1, 2)
    ends = np.cumsum(counts)
    path = np.repeat(np.arange(len(ways)), counts)
    number = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
    times_s = (first[path] + number - 1) * step_s
    times_s[ends - 1] = ways.ends_s
    times_s[ends - counts] = ways.starts_s
    return path, times_s, positions(ways, path, times_s)


def positions(ways: Ways, path: Indices, times_s: Floats) -> Floats:
    """(m, 2) where each path was at a moment within it."""
    starts_s = ways.starts_s
    known = ways.owners * _SPAN_S + (ways.times_s - starts_s[ways.owners])
    asked = path * _SPAN_S + (times_s - starts_s[path])
    return np.column_stack([np.interp(asked, known, ways.xy_m[:, axis]) for axis in (0, 1)])


def visits(ways: Ways, floor: int, polygon: tuple[Point, ...], from_s: float = -np.inf, to_s: float = np.inf) -> Visits:
    """When each path was in the polygon (closed, simple) of the floor, within `[from_s, to_s]`."""
    parts = zip(*_inner_parts(ways, floor, polygon, from_s, to_s), strict=True)
    path, enters, leaves = (np.concatenate(one) for one in parts)
    if not len(path):
        return Visits(path, enters, leaves)
    is_new = np.ones(len(path), dtype=bool)
    is_new[1:] = (path[1:] != path[:-1]) | (enters[1:] > leaves[:-1] + TOUCHING_S)
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], len(path)) - 1
    return Visits(path[first], enters[first], leaves[last])


def _inner_parts(
    ways: Ways, floor: int, polygon: tuple[Point, ...], from_s: float, to_s: float
) -> Iterator[tuple[Indices, Floats, Floats]]:
    """Path, start and end of the part of each straight step that lies inside, in order."""
    yield np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    a, b = _steps(ways, floor, polygon, from_s, to_s)
    owners = ways.owners
    for start in range(0, len(a), _CHUNK):
        begin, end = a[start : start + _CHUNK], b[start : start + _CHUNK]
        shares = _crossings(ways.xy_m[begin], ways.xy_m[end], polygon)
        took_s = ways.times_s[end] - ways.times_s[begin]
        with np.errstate(divide="ignore", invalid="ignore"):
            low = np.where(took_s > 0, np.clip((from_s - ways.times_s[begin]) / took_s, 0, 1), 0.0)
            high = np.where(took_s > 0, np.clip((to_s - ways.times_s[begin]) / took_s, 0, 1), 1.0)
        shares = np.sort(np.clip(shares, low[:, None], high[:, None]), axis=1)
        middle = (shares[:, :-1] + shares[:, 1:]) / 2
        at_m = ways.xy_m[begin, None] + middle[:, :, None] * (ways.xy_m[end] - ways.xy_m[begin])[:, None]
        stands = (ways.xy_m[begin] == ways.xy_m[end]).all(axis=1)
        lasts = shares[:, 1:] > shares[:, :-1]
        row, part = np.nonzero(lasts & _covers(polygon, at_m.reshape(-1, 2)).reshape(lasts.shape))
        moments_s = ways.times_s[begin, None] + shares * took_s[:, None]
        keep = stands[row] | (moments_s[row, part + 1] > moments_s[row, part])
        row, part = row[keep], part[keep]
        yield owners[begin[row]], moments_s[row, part], moments_s[row, part + 1]


def _steps(ways: Ways, floor: int, polygon: tuple[Point, ...], from_s: float, to_s: float) -> tuple[Indices, Indices]:
    """First and last point of each step that may touch the polygon in time; a path of one point is a step without length."""
    corners = np.array(polygon)
    low, high = corners.min(axis=0), corners.max(axis=0)
    begin = np.arange(len(ways.times_s))
    is_last = np.zeros(len(begin), dtype=bool)
    is_last[ways.edges[1:] - 1] = True
    single = np.repeat(np.diff(ways.edges) == 1, np.diff(ways.edges))
    end = np.where(is_last, begin, begin + 1)
    left, right = ways.xy_m, ways.xy_m[end]
    near = (
        (np.minimum(left, right) <= high).all(axis=1)
        & (np.maximum(left, right) >= low).all(axis=1)
        & (~is_last | single)
        & (ways.floors[ways.owners] == floor)
        & (ways.times_s < to_s)
        & (ways.times_s[end] >= from_s)
    )
    return begin[near], end[near]


def _crossings(a: Floats, b: Floats, polygon: tuple[Point, ...]) -> Floats:
    """(m, k + 2): 0, 1 and the shares of each step at which it crosses the polygon's k edges; 0 where it does not."""
    corners = np.array(polygon)
    along = np.roll(corners, -1, axis=0) - corners
    step = b - a
    away = corners[None] - a[:, None]
    turn = step[:, None, 0] * along[None, :, 1] - step[:, None, 1] * along[None, :, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (away[..., 0] * along[None, :, 1] - away[..., 1] * along[None, :, 0]) / turn
        on_edge = (away[..., 0] * step[:, None, 1] - away[..., 1] * step[:, None, 0]) / turn
    crosses = (turn != 0) & (on_edge >= 0) & (on_edge <= 1) & (share > 0) & (share < 1)
    return np.column_stack([np.zeros(len(a)), np.where(crosses, share, 0.0), np.ones(len(a))])


def _covers(polygon: tuple[Point, ...], points_m: Floats) -> NDArray[np.bool_]:
    """Which points lie in the polygon or on its border."""
    within = inside(polygon, points_m)
    corners = np.array(polygon)
    rest = np.flatnonzero(
        ~within & (points_m >= corners.min(axis=0)).all(axis=1) & (points_m <= corners.max(axis=0)).all(axis=1)
    )
    for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = other - one
        share = np.clip((points_m[rest] - one) @ along / (along @ along), 0, 1)
        within[rest] |= np.linalg.norm(points_m[rest] - (one + share[:, None] * along), axis=1) <= _BORDER_M
    return within
