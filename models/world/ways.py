"""Many paths at once, as columns, and what is computed from all of them in one go.

What `models.world.paths` says of one path holds here for each of many: straight and even in between, within one UTC hour.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

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
_SHORT_M = 10.0


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
        return np.asarray(self.reach_m[self.edges[1:] - 1] - self.reach_m[self.edges[:-1]])

    @cached_property
    def owners(self) -> Indices:
        """(n,) which path a point belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.edges))

    @cached_property
    def clock(self) -> Floats:
        """(n,) seconds since the start of a point's path, each path's own span after that of the path before."""
        return np.asarray(self.owners * _SPAN_S + (self.times_s - self.starts_s[self.owners]))

    @cached_property
    def reach_m(self) -> Floats:
        """(n,) distance covered until each point, over all paths one after the other."""
        steps = np.linalg.norm(np.diff(self.xy_m, axis=0, prepend=self.xy_m[:1]), axis=1)
        if len(self):
            steps[self.edges[:-1]] = 0.0
        return np.asarray(np.cumsum(steps))

    @cached_property
    def steps(self) -> "Steps":
        """The straight steps, in order to find those in an area quickly."""
        return Steps.of(self)


@dataclass(frozen=True)
class Visits:
    """v times inside an area: `path` (v,) indices, `from_s` and `to_s` (v,), in order of path and time."""

    path: Indices
    from_s: Floats
    to_s: Floats


@dataclass(frozen=True)
class Steps:
    """Straight steps from one point to the next, by floor, short ones by where they begin on x.

    A path of one point is a step without length. `begin` and `end` are points; `low_m`, `high_m` (s, 2) their boxes;
    `floors` maps a floor to the slices of its short and its long steps.
    """

    begin: Indices
    end: Indices
    low_m: Floats
    high_m: Floats
    floors: dict[int, tuple[slice, slice]]

    @classmethod
    def of(cls, ways: Ways) -> "Steps":
        """The steps of these paths."""
        is_last = np.zeros(len(ways.times_s), dtype=bool)
        is_last[ways.edges[1:] - 1] = True
        is_single = np.repeat(np.diff(ways.edges) == 1, np.diff(ways.edges))
        begin = np.flatnonzero(~is_last | is_single)
        end = np.where(is_last[begin], begin, begin + 1)
        low, high = np.minimum(ways.xy_m[begin], ways.xy_m[end]), np.maximum(ways.xy_m[begin], ways.xy_m[end])
        floor, is_long = ways.floors[ways.owners[begin]], high[:, 0] - low[:, 0] > _SHORT_M
        order = _by_kind_and_place(floor * 2 + is_long, low[:, 0])
        keys = floor[order] * 2 + is_long[order]
        floors = {
            int(one): (
                slice(*np.searchsorted(keys, [2 * one, 2 * one + 1])),
                slice(*np.searchsorted(keys, [2 * one + 1, 2 * one + 2])),
            )
            for one in np.unique(floor)
        }
        return cls(begin[order], end[order], np.asfortranarray(low[order]), np.asfortranarray(high[order]), floors)

    def near(self, floor: int, low_m: Floats, high_m: Floats) -> Indices:
        """The steps of a floor whose boxes touch a box, in the order of their points."""
        found = [np.zeros(0, np.int64)]
        for part, margin_m in zip(self.floors.get(floor, ()), (_SHORT_M, np.inf), strict=False):
            left = self.low_m[part, 0]
            first, last = np.searchsorted(left, [low_m[0] - margin_m, np.nextafter(high_m[0], np.inf)])
            rows = slice(part.start + first, part.start + last)
            touch = (self.high_m[rows, 0] >= low_m[0]) & (self.high_m[rows, 1] >= low_m[1])
            touch &= self.low_m[rows, 1] <= high_m[1]
            found.append(rows.start + np.flatnonzero(touch))
        numbers = np.concatenate(found)
        return np.asarray(numbers[np.argsort(self.begin[numbers])])


def _by_kind_and_place(kind: Indices, x_m: Floats) -> Indices:
    """Order of points by kind, then by place; one sort where two would do."""
    if not len(kind):
        return np.zeros(0, np.int64)
    low_m = x_m.min()
    return np.asarray(np.argsort(kind * (x_m.max() - low_m + 1.0) + (x_m - low_m)))


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
    asked = _clock(ways, path, times_s)
    return np.column_stack([np.interp(asked, ways.clock, ways.xy_m[:, axis]) for axis in (0, 1)])


def covered_m(ways: Ways, path: Indices, from_s: Floats, to_s: Floats) -> Floats:
    """(v,) distance along a path between two moments within it."""
    if not len(path):
        return np.zeros(0)
    begin, end = (np.interp(_clock(ways, path, at_s), ways.clock, ways.reach_m) for at_s in (from_s, to_s))
    return np.asarray(end - begin)


def _clock(ways: Ways, path: Indices, times_s: Floats) -> Floats:
    return np.asarray(path * _SPAN_S + (times_s - ways.starts_s[path]))


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
    corners = np.array(polygon, dtype=np.float64)
    near = ways.steps.near(floor, corners.min(axis=0), corners.max(axis=0))
    begin, end = ways.steps.begin[near], ways.steps.end[near]
    timely = (ways.times_s[begin] < to_s) & (ways.times_s[end] >= from_s)
    begin, end = begin[timely], end[timely]
    inner = _inner_shares_convex if _is_convex(corners) else _inner_shares
    for start in range(0, len(begin), _CHUNK):
        yield _timed(ways, begin[start : start + _CHUNK], end[start : start + _CHUNK], corners, (from_s, to_s), inner)


def _timed(
    ways: Ways, begin: Indices, end: Indices, corners: Floats, bounds_s: tuple[float, float], inner: "_Inner"
) -> tuple[Indices, Floats, Floats]:
    took_s = ways.times_s[end] - ways.times_s[begin]
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (
            np.where(took_s > 0, np.clip((bound - ways.times_s[begin]) / took_s, 0, 1), anyhow)
            for bound, anyhow in zip(bounds_s, (0.0, 1.0), strict=True)
        )
    row, first, last = inner(ways.xy_m[begin], ways.xy_m[end], low, high, corners)
    from_s, to_s = (ways.times_s[begin[row]] + share * took_s[row] for share in (first, last))
    keep = to_s > from_s
    short = np.flatnonzero(~keep)
    # Who stands still is inside also for a moment.
    keep[short] = (ways.xy_m[begin[row[short]]] == ways.xy_m[end[row[short]]]).all(axis=1)
    return ways.owners[begin[row[keep]]], from_s[keep], to_s[keep]


_Inner = Callable[[Floats, Floats, Floats, Floats, Floats], tuple[Indices, Floats, Floats]]
"""Steps from a to b (m, 2), the shares of each that count (m,), corners -> row, and from which share to which it is inside."""


def _inner_shares_convex(
    a: Floats, b: Floats, low: Floats, high: Floats, corners: Floats
) -> tuple[Indices, Floats, Floats]:
    """Cyrus and Beck (1978): a step is cut by one side after the other."""
    along = np.roll(corners, -1, axis=0) - corners
    if _area(corners) < 0:
        along = -along
    outside = np.zeros(len(a), dtype=bool)
    for corner, side in zip(corners, along, strict=True):
        before = side[0] * (a[:, 1] - corner[1]) - side[1] * (a[:, 0] - corner[0])
        after = side[0] * (b[:, 1] - corner[1]) - side[1] * (b[:, 0] - corner[0])
        outside |= (before < 0) & (after < 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = before / (before - after)
        low = np.where((before < 0) & (after >= 0), np.maximum(low, share), low)
        high = np.where((before >= 0) & (after < 0), np.minimum(high, share), high)
    row = np.flatnonzero(~outside & (high > low))
    return row, low[row], high[row]


def _inner_shares(a: Floats, b: Floats, low: Floats, high: Floats, corners: Floats) -> tuple[Indices, Floats, Floats]:
    """A step is cut at every side that it crosses; a part lies inside when its middle does."""
    shares = np.sort(np.clip(_crossings(a, b, corners), low[:, None], high[:, None]), axis=1)
    middle = (shares[:, :-1] + shares[:, 1:]) / 2
    at_m = a[:, None] + middle[:, :, None] * (b - a)[:, None]
    lasts = shares[:, 1:] > shares[:, :-1]
    row, part = np.nonzero(lasts & _covers(corners, at_m.reshape(-1, 2)).reshape(lasts.shape))
    return row, shares[row, part], shares[row, part + 1]


def _area(corners: Floats) -> float:
    following = np.roll(corners, -1, axis=0)
    return float((corners[:, 0] * following[:, 1] - corners[:, 1] * following[:, 0]).sum() / 2)


def _is_convex(corners: Floats) -> bool:
    along = np.roll(corners, -1, axis=0) - corners
    further = np.roll(along, -1, axis=0)
    turns = along[:, 0] * further[:, 1] - along[:, 1] * further[:, 0]
    # A star turns one way everywhere too, but more than once around.
    return bool((turns >= 0).all() or (turns <= 0).all()) and _turns_once(along)


def _turns_once(along: Floats) -> bool:
    angles = np.unwrap(np.arctan2(*np.vstack([along, along[:1]]).T[::-1]))
    return bool(abs(angles[-1] - angles[0]) < 2 * np.pi + 1e-6)


def _crossings(a: Floats, b: Floats, corners: Floats) -> Floats:
    """(m, k + 2): 0, 1 and the shares of each step at which it crosses the polygon's k edges; 0 where it does not."""
    along = np.roll(corners, -1, axis=0) - corners
    step = b - a
    away = corners[None] - a[:, None]
    turn = step[:, None, 0] * along[None, :, 1] - step[:, None, 1] * along[None, :, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (away[..., 0] * along[None, :, 1] - away[..., 1] * along[None, :, 0]) / turn
        on_edge = (away[..., 0] * step[:, None, 1] - away[..., 1] * step[:, None, 0]) / turn
    crosses = (turn != 0) & (on_edge >= 0) & (on_edge <= 1) & (share > 0) & (share < 1)
    return np.column_stack([np.zeros(len(a)), np.where(crosses, share, 0.0), np.ones(len(a))])


def _covers(corners: Floats, points_m: Floats) -> NDArray[np.bool_]:
    """Which points lie in the polygon or on its border."""
    within = inside(tuple(map(tuple, corners)), points_m)
    rest = np.flatnonzero(
        ~within & (points_m >= corners.min(axis=0)).all(axis=1) & (points_m <= corners.max(axis=0)).all(axis=1)
    )
    for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = other - one
        share = np.clip((points_m[rest] - one) @ along / (along @ along), 0, 1)
        within[rest] |= np.linalg.norm(points_m[rest] - (one + share[:, None] * along), axis=1) <= _BORDER_M
    return within
