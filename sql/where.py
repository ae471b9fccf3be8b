"""Where people were, as rows to be copied: the stored positions of paths, and their visits to sections."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.world.periods import Window
from models.world.places import Point, grid_ids
from models.world.ways import Floats, Indices, Ways, covered_m, sampled, visits
from sql.copying import epoch_us, location_rows, section_visit_rows
from sql.store import Connection
from sql.text import statement


@dataclass(frozen=True)
class Located:
    """m stored positions in order of time and person: persons by number, µs since 1970, floors, metres and squares."""

    persons: Indices
    taken_at_us: Indices
    floors: Indices
    xy_m: Floats
    cells: Indices

    def rows(self, person_ids: NDArray[np.void]) -> bytes:
        """Rows of `person_location`; `person_ids` V16 by number."""
        return location_rows(person_ids[self.persons], self.taken_at_us, self.floors, self.xy_m, self.cells)


@dataclass(frozen=True)
class Visited:
    """v visits to one section: persons by number, from when to when, µs since 1970, and metres covered, to the nanometre."""

    section_id: str
    persons: Indices
    from_us: Indices
    to_us: Indices
    lengths_m: Floats


def located(owners: Indices, ways: Ways, window: Window) -> Located:
    """The positions to store of paths whose persons are `owners` (k,), each person once at a time, in the half-open window."""
    path, times_s, xy_m = sampled(ways)
    taken_at_us, persons = epoch_us(times_s), owners[path]
    start_us, end_us = (int(one) for one in epoch_us(np.array([window.start_s, window.end_s])))
    # One number for moment and person: an hour has less than 2^32 µs.
    key = (taken_at_us - start_us) * (int(persons.max(initial=0)) + 1) + persons
    order = np.argsort(key, kind="stable")
    keep = order[(np.diff(key[order], prepend=-1) != 0) & (taken_at_us[order] < end_us)]
    floors = ways.floors[path[keep]]
    return Located(persons[keep], taken_at_us[keep], floors, xy_m[keep], _cells(floors, xy_m[keep]))


def check_floors(connection: Connection, floors: Iterable[int]) -> None:
    """Raise ValueError for a floor that the mall never had."""
    known = {floor for (floor,) in connection.execute(statement("catalogue/floors"))}
    strange = sorted(set(floors) - known)
    if strange:
        raise ValueError(f"paths lie on floor {strange[0]}, which the mall has not; it has: {sorted(known)}")


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


def visited(owners: Indices, ways: Ways, held: Iterable[Border]) -> list[Visited]:
    """The visits of paths, each within an hour, whose persons are `owners` (k,); one entry for each border."""
    found = []
    for border in held:
        inner = visits(ways, border.floor, border.polygon, border.from_s, border.to_s)
        times_us = epoch_us(inner.from_s), epoch_us(inner.to_s)
        # Between the times as they are stored, so that whoever cuts the path at them finds the same length.
        lengths_m = np.rint(covered_m(ways, inner.path, times_us[0] / 1e6, times_us[1] / 1e6) * 1e9) / 1e9
        found.append(Visited(border.section_id, owners[inner.path], *times_us, lengths_m))
    return found


def visit_rows(found: Iterable[Visited], person_ids: NDArray[np.void]) -> bytes:
    """Rows of `section_visit`; `person_ids` V16 by number."""
    return b"".join(
        section_visit_rows(one.section_id, person_ids[one.persons], one.from_us, one.to_us, one.lengths_m)
        for one in found
    )


def _cells(floors: NDArray[np.int64], xy_m: NDArray[np.float64]) -> NDArray[np.int64]:
    cells = np.zeros(len(floors), dtype=np.int64)
    for floor in np.unique(floors):
        on_floor = floors == floor
        cells[on_floor] = grid_ids(int(floor), xy_m[on_floor])
    return cells
