"""An answer as CSV (RFC 4180), for spreadsheets: a header line, then the rows."""

import csv
import io
from datetime import datetime

from serve.logic.desk import Answered
from serve.presentation.values import plain

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(answered: Answered) -> bytes:
    """The rows under the names of their columns; an undecided or blanked value is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(column.name for column in answered.columns)
    writer.writerows([_field(value) for value in row] for row in answered.rows)
    return text.getvalue().encode()


def _field(value: object) -> object:
    # A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection).
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(value) if value is None or isinstance(value, int | float | datetime) else str(plain(value))
