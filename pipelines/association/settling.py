"""Which of the likeliest links are drawn: a link that is doubtful, or would join what is two people, is left open.

In doubt is what is less than `LEAST_SURE` probable beside all the links there could be (`probabilities`): of two in one uniform nobody
can say who comes back.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from pipelines.association.tracklets import Floats, Indices
from pipelines.association.visits import Returns, Visits

LEAST_SURE = 0.6
"""A link less probable than this is left open."""


def settled(
    visits: Visits, named: Indices, heads: Indices, tails: Indices, gains: Floats, probability: Floats
) -> Returns:
    """The persons that the links make, the surest first: none joins two names, or what is at one time."""
    person, before = np.arange(len(visits)), np.full(len(visits), -1)
    gain, sure, is_open = np.full(len(visits), np.nan), np.full(len(visits), np.nan), np.zeros(len(visits), dtype=bool)
    before[tails], gain[tails], sure[tails] = heads, gains, probability
    members = {number: [number] for number in range(len(visits))}
    by_name: dict[int, int] = {}

    def unite(one: int, other: int) -> None:
        low, high = sorted((int(person[one]), int(person[other])))
        if low != high:
            members[low] += members.pop(high)
            person[members[low]] = low

    for visit in np.flatnonzero(named >= 0):
        unite(by_name.setdefault(int(named[visit]), int(visit)), int(visit))
    for link in np.lexsort((tails, heads, -gains)):
        head, tail = int(heads[link]), int(tails[link])
        both = [members[int(person[one])] for one in (head, tail)]
        names = {int(named[one]) for one in itertools.chain(*both)} - {-1}
        is_open[tail] = person[head] != person[tail] and (
            probability[link] < LEAST_SURE or len(names) > 1 or _meet(visits, *both)
        )
        if not is_open[tail]:
            unite(head, tail)
    return Returns(person, before, gain, sure, is_open)


def _meet(visits: Visits, some: Sequence[int], others: Sequence[int]) -> bool:
    """Whether any of the visits is at the time of any of the others."""
    starts_s, ends_s = (side[np.array(others)] for side in (visits.start_s, visits.end_s))
    return any(bool(((starts_s <= visits.end_s[one]) & (ends_s >= visits.start_s[one])).any()) for one in some)
