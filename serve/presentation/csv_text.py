"""An answer as CSV (RFC 4180), for spreadsheets: a header line, then the rows."""

import csv
from collections.abc import Iterator
from datetime import datetime

from serve.logic.desk import Answered
from serve.presentation.values import plain

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(answered: Answered) -> Iterator[str]:
    """The rows under the names of their columns, line by line; an undecided or blanked value is an empty field."""
    lines = csv.writer(_Echo())
    yield lines.writerow(column.name for column in answered.columns)
    for row in answered.rows:
        yield lines.writerow([_field(value) for value in row])


class _Echo:
    """What a csv writer writes to, when its lines are wanted one by one."""

    def write(self, line: str) -> str:
        return line


def _field(value: object) -> object:
    # A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection).
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(value) if value is None or isinstance(value, int | float | datetime) else str(plain(value))
