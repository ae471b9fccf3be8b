"""Groups too small to be shown: an aggregate over fewer than k people is an answer about those people.

k-anonymity (Sweeney 2002) with the rule of official statistics that 0 may be shown, since it is about nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sql.catalogue import PEOPLE

Row = tuple[object, ...]


@dataclass(frozen=True)
class Suppressed:
    """What was blanked in one row (0-based), and why."""

    row: int
    columns: tuple[str, ...]
    reason: str


def suppress(
    columns: Sequence[str], rows: Iterable[Row], keys: frozenset[str], min_group: int
) -> tuple[Iterable[Row], list[Suppressed]]:
    """The rows with every figure about 1 to `min_group` - 1 people blanked (None), and what was blanked.

    Figures are the numbers outside the `keys`, the columns that only repeat what was asked. Rows without a
    `people` column are about single persons by permission and stay, unread.
    """
    if PEOPLE not in columns:
        return rows, []
    counted = columns.index(PEOPLE)
    shown, blanked = [], []
    for number, row in enumerate(rows):
        figures = _figures(columns, row, keys) if is_small(row[counted], min_group) else ()
        shown.append(tuple(None if name in figures else value for name, value in zip(columns, row, strict=True)))
        if figures:
            blanked.append(Suppressed(number, figures, reason(min_group)))
    return shown, blanked


def is_small(people: object, min_group: int) -> bool:
    """Whether this is a number of people from 1 to `min_group` - 1."""
    return isinstance(people, int) and 0 < people < min_group


def reason(min_group: int) -> str:
    """Why something is not shown."""
    return f"fewer than {min_group} people"


def _figures(columns: Sequence[str], row: Row, keys: frozenset[str]) -> tuple[str, ...]:
    named = zip(columns, row, strict=True)
    return tuple(name for name, value in named if name not in keys and isinstance(value, int | float))
