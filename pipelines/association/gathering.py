"""Persons whose visits were not joined one to the next, but who look alike over all of them.

A link left open breaks a person in two, however alike both halves look, for links go from one visit to the next. So persons are
compared as wholes, the likest first: that two are one is, before their looks are seen, as likely for any two, and afterwards as their
looks say, unless somebody else is as much alike who surely is another: a rival, who is in view while one of the two is. And where two of
those who look like somebody are in view at one time, more than one person looks so, and nobody can say which of them it is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import identity
from models.vision.tracker.identity import Variances
from pipelines.association.pairs import blocks
from pipelines.association.tracklets import Floats, Indices
from pipelines.association.visits import Returns, Visits

LEAST_SURE = 0.9
"""Two who are one less probably than this stay two."""
ROUNDS = 16
ROWS_AT_ONCE = 64
AS_ALIKE = 5.0
"""Nats; of two who are less apart in how alike they are to somebody, either may be that one."""
MOST = 50.0
"""Nats; beyond, a rival is as good as certain."""


@dataclass(frozen=True)
class _Persons:
    """k persons: whose each visit is, sums of looks and numbers of visits, their names (-1 if none), and who is in view with whom."""

    of: Indices
    sums: Floats
    counts: Floats
    named: Indices
    meet: NDArray[np.bool_]


def gathered(visits: Visits, named: Indices, came: Returns) -> Returns:
    """The same, with persons joined who are one by all their looks; none that meet, and no two names."""
    for _ in range(ROUNDS):
        variances = identity.learn(visits.looks, came.person)
        persons = _persons(visits, named, came.person)
        if not variances.between.any() or len(persons.counts) < 2:
            break
        some, others, scores, sure = _matches(persons, variances)
        taken = np.zeros(len(persons.counts), dtype=bool)
        for match in np.lexsort((others, some, -scores)):
            pair = [some[match], others[match]]
            if not taken[pair].any():
                taken[pair] = True
                came = _joined(visits, came, persons.of, (pair[0], pair[1]), scores[match], sure[match])
        if not taken.any():
            break
    return came


def _persons(visits: Visits, named: Indices, person: Indices) -> _Persons:
    _, of, counts = np.unique(person, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), visits.looks.shape[1]))
    np.add.at(sums, of, visits.looks)
    names = np.full(len(counts), -1)
    np.maximum.at(names, of, named)
    return _Persons(of, sums, counts.astype(np.float64), names, _in_view_together(visits, of, len(counts)))


def _in_view_together(visits: Visits, of: Indices, persons: int) -> NDArray[np.bool_]:
    """Who is in view at one time with whom, (k, k), and with themselves."""
    begins = np.argsort(visits.start_s, kind="stable")
    starts_s = visits.start_s[begins]
    meet = np.eye(persons, dtype=bool)
    for visit in range(len(visits)):
        # Whoever begins while this one lasts.
        first, last = np.searchsorted(starts_s, [visits.start_s[visit], visits.end_s[visit]])
        meet[of[visit], of[begins[first:last]]] = True
    return np.asarray(meet | meet.T)


def _matches(persons: _Persons, variances: Variances) -> tuple[Indices, Indices, Floats, Floats]:
    """Pairs of persons, (m,) each, that are one, with their scores in nats and how probable that is."""
    some, others, scores = _alike(persons, variances)
    neighbours = _by_person(some, others, scores, len(persons.counts))
    likely = np.flatnonzero(scores > np.log(len(persons.counts)))
    rivals = np.array([_rivals(persons, neighbours, some[one], others[one], scores[one]) for one in likely])
    probability = 1 / (1 + len(persons.counts) * np.exp(-scores[likely]) + rivals)
    names, more = persons.named[some[likely]], persons.named[others[likely]]
    kept = (probability >= LEAST_SURE) & ((names < 0) | (more < 0) | (names == more))
    return some[likely][kept], others[likely][kept], scores[likely][kept], probability[kept]


def _alike(persons: _Persons, variances: Variances) -> tuple[Indices, Indices, Floats]:
    """Pairs of persons who never meet and rather look like one, (m,) each, with their scores."""
    numbers = np.arange(len(persons.counts))
    pairs, found = [np.zeros((0, 2), np.intp)], [np.zeros(0)]
    for part in blocks(len(numbers), ROWS_AT_ONCE):
        some, others = np.nonzero((numbers[None, :] > numbers[part, None]) & ~persons.meet[part])
        some = numbers[part][some]
        sums, counts = (persons.sums[some], persons.sums[others]), (persons.counts[some], persons.counts[others])
        scores = identity.score(variances, sums, counts)
        few = np.flatnonzero(scores > 0)
        pairs.append(np.column_stack([some[few], others[few]]))
        found.append(scores[few])
    return *np.concatenate(pairs).T, np.concatenate(found)


def _by_person(some: Indices, others: Indices, scores: Floats, persons: int) -> list[tuple[Indices, Floats]]:
    """Of each person, whom they look like, and how much."""
    both, mates, twice = np.concatenate([some, others]), np.concatenate([others, some]), np.tile(scores, 2)
    order = np.argsort(both, kind="stable")
    edges = np.searchsorted(both[order], np.arange(1, persons))
    return list(zip(np.split(mates[order], edges), np.split(twice[order], edges), strict=True))


def _rivals(persons: _Persons, neighbours: list[tuple[Indices, Floats]], one: int, other: int, score: float) -> float:
    """How likely it is, against the two being one, that one of them is somebody else."""
    total = 0.0
    for who, mate in ((one, other), (other, one)):
        mates, alike = neighbours[who]
        surely_not = persons.meet[mates, mate] & (mates != mate)
        total += float(np.exp(np.minimum(alike[surely_not] - score, MOST)).sum())
        as_alike = mates[alike > score - AS_ALIKE]
        if persons.meet[np.ix_(as_alike, as_alike)].sum() > len(as_alike):  # each meets themselves
            total += 1.0
    return total


def _joined(visits: Visits, came: Returns, of: Indices, pair: tuple[int, int], score: float, sure: float) -> Returns:
    """With two persons as one: the first visit of the one who comes later follows the other's last one before it."""
    one, other = (np.flatnonzero(of == person) for person in pair)
    if visits.start_s[one].min() > visits.start_s[other].min():
        one, other = other, one
    first = other[visits.start_s[other].argmin()]
    earlier = one[visits.start_s[one] <= visits.start_s[first]]
    person, before, is_open = came.person.copy(), came.before.copy(), came.is_open.copy()
    gain, probability = came.gain.copy(), came.probability.copy()
    person[np.concatenate([one, other])] = min(person[one].min(), person[other].min())
    before[first], gain[first], probability[first] = earlier[visits.end_s[earlier].argmax()], score, sure
    is_open[first] = False
    return Returns(person, before, gain, probability, is_open)
