"""Answers in memory: what three questions say of a few people, worked out from their whole paths without a store."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from models.world.attributes import ATTRIBUTES, UNKNOWN
from models.world.paths import Path
from models.world.periods import from_epoch_s
from models.world.places import Section, Site, inside
from models.world.ways import Ways, visits
from sql.asking import Answer
from sql.catalogue import Bound, Question


class Walker(Protocol):
    """Somebody, as a load is told of them."""

    @property
    def id(self) -> Any: ...
    @property
    def attributes(self) -> Mapping[str, str]: ...
    @property
    def paths(self) -> Sequence[Path]: ...


@dataclass(frozen=True)
class Seen:
    """One person within what was asked for: the pieces of their paths there."""

    walker: Walker
    pieces: Sequence[Path]

    @property
    def distance_m(self) -> float:
        return sum(piece.length_m for piece in self.pieces)

    @property
    def row(self) -> tuple[Any, ...]:
        first, last = (from_epoch_s(s) for s in (self.pieces[0].times_s[0], self.pieces[-1].times_s[-1]))
        worn = (self.walker.attributes.get(key, UNKNOWN) for key in ATTRIBUTES)
        return (self.walker.id, first, last, self.distance_m, *worn)


def answer(question: Question, bound: Bound, walkers: Iterable[Walker], site: Site) -> Answer:
    """The rows of the question, and how many people may or may not fit."""
    wanted = json.loads(bound.values["attribute"] or "{}")
    there = list(_there(bound, walkers, site))
    fitting = [one for one in there if _fits(one.walker, wanted)]
    doubtful = sum(_may_fit(one.walker, wanted) and not _fits(one.walker, wanted) for one in there)
    columns = tuple(column.name for column in question.columns)
    return Answer(columns, ROWS[question.id](bound, fitting), doubtful if wanted else None)


def _people(bound: Bound, seen: Sequence[Seen]) -> list[tuple[Any, ...]]:
    return sorted((one.row for one in seen), key=lambda row: (row[1], row[0]))


def _average_distance(bound: Bound, seen: Sequence[Seen]) -> list[tuple[Any, ...]]:
    metres = [one.distance_m for one in seen]
    return [(len(metres), float(np.mean(metres)), float(np.median(metres)))] if metres else [(0, None, None)]


def _people_in_section(bound: Bound, seen: Sequence[Seen]) -> list[tuple[Any, ...]]:
    return [(bound.values["section"], bound.values["at"], len(seen))]


ROWS: Mapping[str, Callable[[Bound, Sequence[Seen]], list[tuple[Any, ...]]]] = {
    "people": _people,
    "average-distance": _average_distance,
    "people-in-section": _people_in_section,
}


def _there(bound: Bound, walkers: Iterable[Walker], site: Site) -> Iterator[Seen]:
    named = bound.values.get("section")
    section = None if named is None else site.section(str(named))
    for walker in walkers:
        pieces = [piece for path in walker.paths for piece in _pieces(path, bound, section)]
        if pieces:
            yield Seen(walker, pieces)


def _pieces(path: Path, bound: Bound, section: Section | None) -> Iterator[Path]:
    if "at" in bound.values:
        at_s = bound.values["at"].timestamp()
        yield from (one for one in _cut(path, at_s, at_s) if section is None or _stands_in(one, section))
        return
    from_s, to_s = bound.values["from"].timestamp(), bound.values["to"].timestamp()
    spans = [(from_s, to_s)]
    if section is not None:
        found = visits(Ways.of([path]), section.floor, section.polygon, from_s, to_s)
        spans = list(zip(found.from_s, found.to_s, strict=True))
    for enters_s, leaves_s in spans:
        yield from (one for one in _cut(path, enters_s, leaves_s) if one.times_s[0] < to_s)


def _cut(path: Path, from_s: float, to_s: float) -> Iterator[Path]:
    """The path between two moments, if it touches them."""
    first, last = max(from_s, path.times_s[0]), min(to_s, path.times_s[-1])
    if first <= last:
        inner = path.times_s[(path.times_s > first) & (path.times_s < last)]
        times_s = np.unique([first, *inner, last])
        yield Path(path.floor, times_s, path.at(times_s))


def _stands_in(one: Path, section: Section) -> bool:
    return one.floor == section.floor and bool(inside(section.polygon, one.xy_m)[0])


def _fits(walker: Walker, wanted: Mapping[str, Any]) -> bool:
    return all(walker.attributes.get(key, UNKNOWN) == value for key, value in wanted.items())


def _may_fit(walker: Walker, wanted: Mapping[str, Any]) -> bool:
    """Nothing speaks against it; that two values of one attribute hold cannot be."""
    return all(
        isinstance(value, str) and walker.attributes.get(key, UNKNOWN) in (value, UNKNOWN)
        for key, value in wanted.items()
    )
