"""Where people were, as rows to be copied: the stored positions of paths, and their visits to sections."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.world.periods import Window
from models.world.places import Point, grid_ids
from models.world.ways import Ways, sampled, visits
from sql.copying import epoch_us, location_rows, visit_rows
from sql.store import Connection
from sql.text import statement


def locations(person_ids: NDArray[np.void], ways: Ways, window: Window) -> bytes:
    """Rows of `person_location` in time order, each person once at a time, within the half-open window.

    `person_ids` (k,) V16 are the persons of the paths.
    """
    path, times_s, xy_m = sampled(ways)
    taken_at_us, owners = epoch_us(times_s), np.unique(person_ids.view("S16"), return_inverse=True)[1][path]
    order = np.lexsort([owners, taken_at_us])
    again = (np.diff(taken_at_us[order], prepend=-1) == 0) & (np.diff(owners[order], prepend=-1) == 0)
    keep = order[~again & (taken_at_us[order] < epoch_us(np.array([window.end_s])))]
    floors = ways.floors[path[keep]]
    return location_rows(person_ids[path[keep]], taken_at_us[keep], floors, xy_m[keep], _cells(floors, xy_m[keep]))


@dataclass(frozen=True)
class Border:
    """A section as it was between two moments."""

    section_id: str
    floor: int
    from_s: float
    to_s: float
    polygon: tuple[Point, ...]


def borders(connection: Connection, window: Window) -> list[Border]:
    """The sections that held within the window, by id and time."""
    rows = connection.execute(statement("people/section-borders"), {"start": window.start, "end": window.end})
    return [
        Border(section_id, floor, from_s, to_s, tuple((x, y) for x, y in corners))
        for section_id, floor, from_s, to_s, corners in rows
    ]


def section_visits(person_ids: NDArray[np.void], ways: Ways, held: Iterable[Border]) -> bytes:
    """Rows of `section_visit`, section by section; `person_ids` (k,) V16 are the persons of the paths, each within an hour."""
    rows = []
    for border in held:
        found = visits(ways, border.floor, border.polygon, border.from_s, border.to_s)
        rows.append((border.section_id, person_ids[found.path], found.from_s, found.to_s))
    return visit_rows(rows)


def _cells(floors: NDArray[np.int64], xy_m: NDArray[np.float64]) -> NDArray[np.int64]:
    cells = np.zeros(len(floors), dtype=np.int64)
    for floor in np.unique(floors):
        on_floor = floors == floor
        cells[on_floor] = grid_ids(int(floor), xy_m[on_floor])
    return cells
