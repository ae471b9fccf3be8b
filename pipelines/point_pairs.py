"""Pairs of points, picture and floor, from a file of four columns."""

import csv
import math
from pathlib import Path

from models.world.errors import BadSite
from models.world.places import Point

HEADER = ["x_px", "y_px", "x_m", "y_m"]


def read(file: Path) -> tuple[list[Point], list[Point]]:
    """The points in the picture and on the floor. Raises BadSite naming the line."""
    try:
        with file.open(newline="") as text:
            rows = list(csv.reader(text))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSite(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not rows or [name.strip() for name in rows[0]] != HEADER:
        raise BadSite(
            f"{file}: the first line is {','.join(HEADER)}; got {','.join(rows[0]) if rows else 'an empty file'}"
        )
    numbers = [_numbers(file, line, row) for line, row in enumerate(rows[1:], start=2) if row]
    return [(row[0], row[1]) for row in numbers], [(row[2], row[3]) for row in numbers]


def _numbers(file: Path, line: int, row: list[str]) -> tuple[float, ...]:
    try:
        values = tuple(float(cell) for cell in row)
    except ValueError:
        values = ()
    if len(values) != len(HEADER) or not all(math.isfinite(value) for value in values):
        raise BadSite(f"{file}:{line}: expected four numbers ({','.join(HEADER)}), got {','.join(row)}")
    return values
