"""Pairs of ends and later beginnings, few of all there could be, the best set of links among them, and what has one label."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def after(ends_s: Floats, begins_s: Floats, shortest_s: float, longest_s: float) -> tuple[Indices, Indices]:
    """All pairs (positions in `ends_s`, positions in `begins_s`) with more than `shortest_s` and at most `longest_s` between them."""
    order = np.argsort(begins_s, kind="stable")
    first, last = (np.searchsorted(begins_s[order], ends_s + wait, side="right") for wait in (shortest_s, longest_s))
    count = last - first
    one = np.repeat(np.arange(len(ends_s)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return one, order[np.repeat(first, count) + within]


def groups(label: NDArray[np.integer]) -> list[Indices]:
    """The positions of each label that there is, (n,), by label."""
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)


def best_links(heads: int, tails: int, one: Indices, other: Indices, gains: Floats) -> Indices:
    """Which of the m possible links between `heads` and `tails`, (k,), are those with the largest sum of gains; all gain.

    At most one of a head and one of a tail. A head without a link is linked, for nothing, to a tail that is there for it alone.
    """
    won = np.flatnonzero(gains > 0)
    if not len(won):
        return won
    some, row = np.unique(one[won], return_inverse=True)
    rows, columns = np.concatenate([row, np.arange(len(some))]), np.concatenate([other[won], tails + some])
    cost = gains[won].max() + 1 - np.concatenate([gains[won], np.zeros(len(some))])
    table = coo_array((cost, (rows, columns)), shape=(len(some), tails + heads)).tocsr()
    chosen = np.column_stack(min_weight_full_bipartite_matching(table))
    chosen = chosen[chosen[:, 1] < tails]
    keys = some[chosen[:, 0]] * tails + chosen[:, 1]
    return won[np.isin(one[won] * tails + other[won], keys)]


def blocks(count: int, size: int) -> Iterator[slice]:
    """0..count in pieces."""
    yield from (slice(first, first + size) for first in range(0, count, size))
