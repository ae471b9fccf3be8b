"""Counting people by label and group: what all rollups are made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.world.attributes import UNKNOWN

Indices = NDArray[np.int64]
NOT_COUNTED = -1
"""The label of whoever is undecided for an attribute."""


@dataclass(frozen=True)
class Labels:
    """Attribute values as they stand in rollups: `names` (l,), and which of them hold for each person: `of` (p, 1 + keys),
    a column for everybody and one for each of the `keys`.
    """

    names: list[str]
    of: Indices
    keys: list[str]

    @classmethod
    def read(cls, attributes: Mapping[str, NDArray[np.str_]], people: int) -> "Labels":
        """Of columns of values; the first label, the empty one, is everybody's."""
        names, columns = [""], [np.zeros(people, dtype=np.int64)]
        for key, values in sorted(attributes.items()):
            told, which = np.unique(values, return_inverse=True)
            columns.append(np.where(told == UNKNOWN, NOT_COUNTED, np.arange(len(told)) + len(names))[which])
            names += [f"{key}:{word}" for word in told]
        return cls(names, np.column_stack(columns), sorted(attributes))

    def unknown(self, persons: Indices) -> Iterator[tuple[str, Indices]]:
        """Of each key that somebody among these persons has a value of, those without."""
        for key, column in zip(self.keys, self.of.T[1:], strict=True):
            without = column[persons] == NOT_COUNTED
            if without.any() and not without.all():
                yield f"{key}:{UNKNOWN}", persons[without]


@dataclass(frozen=True)
class Tally:
    """For each used pair of label and group, in this order: different people, entries, and the sum of the amounts."""

    label: Indices
    group: Indices
    people: Indices
    entries: Indices
    amounts: Indices

    @classmethod
    def of(cls, group: Indices, persons: Indices, labels: Labels, amount: Indices | None = None) -> "Tally":
        """Of entries, each of a group and a person, and an amount if there is any."""
        span = int(group.max(initial=0)) + 1
        pairs, entries, amounts = _paired(persons * span + group, amount)
        person, code = np.divmod(pairs, span)
        many = span * len(labels.names)
        people, *totals = (np.zeros(many) for _ in range(3))
        for column in labels.of.T:
            label = column[person]
            told = slice(None) if (label != NOT_COUNTED).all() else np.flatnonzero(label != NOT_COUNTED)
            cells = label[told] * span + code[told]
            people += np.bincount(cells, minlength=many)
            for total, one in zip(totals, [entries, amounts], strict=True):
                total += np.bincount(cells, weights=one[told], minlength=many)
        used = np.flatnonzero(people)
        rounded = (np.rint(total[used]).astype(np.int64) for total in (people, *totals))
        return cls(*np.divmod(used, span), *rounded)


def _paired(codes: Indices, amount: Indices | None) -> tuple[Indices, Indices, Indices]:
    """The different codes, how often each is there, and the sum of its amounts (how often, if there are none)."""
    order = None if amount is None else np.argsort(codes, kind="stable")
    sorted_codes = np.sort(codes) if order is None else codes[order]
    first = np.flatnonzero(np.diff(sorted_codes, prepend=-1))
    entries = np.diff(np.append(first, len(codes)))
    amounts = entries if amount is None or not len(first) else np.add.reduceat(amount[order], first)
    return sorted_codes[first], entries, amounts


def cells_of(person: Indices, code: Indices, span: int, labels: Labels) -> tuple[Indices, Indices]:
    """Each pair of person and group under every label of the person: label * span + group, and the pair's number."""
    told = [np.flatnonzero(column[person] != NOT_COUNTED) for column in labels.of.T]
    cells = [column[person[rows]] * span + code[rows] for column, rows in zip(labels.of.T, told, strict=True)]
    return np.concatenate(cells), np.concatenate(told)
