"""The people of a whole UTC day, as columns: who they are, what they wear, and what the load remembers of them."""

import json
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.world.ways import Floats, Indices, Ways
from sql.copying import copy_in, date_number, epoch_us, timestamp_us, tracklet_rows
from sql.coverage import Covered
from sql.people import refresh_persons, write_coverage
from sql.row_bytes import joined, numbers, texts, words
from sql.store import Connection
from sql.text import statement

Key = tuple[uuid.UUID, date]


@dataclass(frozen=True)
class Tracklets:
    """t tracklets: `owners` (t,) indices of persons, ids (t,) V16, and what `people.PersonTracklet` holds."""

    owners: Indices
    tracklet_ids: NDArray[np.void]
    camera_ids: Sequence[str]
    cameras: Indices
    first_s: Floats
    last_s: Floats
    reason: str


@dataclass(frozen=True)
class DayOfPeople:
    """Everybody in a UTC day, as columns.

    `person_ids` (p,) V16 and `days` (p,) datetime64[D], the mall's own; `ways` are k stored paths (simplified, cut at full
    hours), `owners` (k,) whose each is. `attributes` is key -> ((p,) values or "unknown", (p,) confidence).
    """

    person_ids: NDArray[np.void]
    days: NDArray[np.datetime64]
    ways: Ways
    owners: Indices
    attributes: Mapping[str, tuple[NDArray[np.str_], Floats]]
    tracklets: Tracklets
    attributes_version: str
    association_version: str | None = None

    @property
    def values(self) -> dict[str, NDArray[np.str_]]:
        """What they wear: key -> (p,)."""
        return {key: values for key, (values, _) in self.attributes.items()}

    def keys(self) -> list[Key]:
        """Id and day of each."""
        ids = [uuid.UUID(bytes=one) for one in self.person_ids.tolist()]
        return list(zip(ids, self.days.astype(object).tolist(), strict=True))


def write(connection: Connection, people: DayOfPeople, coverage: Sequence[Covered], key: Mapping[str, Any]) -> set[Key]:
    """Put tracklets, attributes, coverage and new persons in the place of what was there of the day; who is not new.

    Those are to be refreshed when the day's paths can be seen, for they may have paths on the days beside it.
    """
    for step in ("delete-tracklets", "delete-coverage"):
        connection.execute(statement(f"days/{step}"), key)
    copy_in(connection, statement("days/copy-tracklets"), _tracklets(people))
    write_coverage(connection, coverage)
    keys = people.keys()
    days = sorted({day for _, day in keys})
    known = set(connection.execute(statement("days/known-persons"), {"days": days}).fetchall()).intersection(keys)
    is_new = np.array([one not in known for one in keys], dtype=bool)
    copy_in(connection, statement("days/copy-persons"), [_persons(people, is_new)])
    copy_in(connection, statement("days/copy-attributes"), [_attributes(people, np.flatnonzero(is_new))])
    _save_attributes(connection, people, np.flatnonzero(~is_new), keys)
    return known


def refresh(connection: Connection, known: Collection[Key]) -> None:
    """Bring those up to date who were there before; who has no path left vanishes."""
    if known:
        refresh_persons(connection, sorted(known))


def _tracklets(people: DayOfPeople) -> Iterator[bytes]:
    tracklets = people.tracklets
    for number, camera_id in enumerate(tracklets.camera_ids):
        mine = np.flatnonzero(tracklets.cameras == number)
        owners = tracklets.owners[mine]
        yield tracklet_rows(
            tracklets.tracklet_ids[mine],
            people.person_ids[owners],
            people.days[owners],
            camera_id,
            tracklets.first_s[mine],
            tracklets.last_s[mine],
            tracklets.reason,
        )


def _persons(people: DayOfPeople, chosen: NDArray[np.bool_]) -> bytes:
    """Rows of `person`: id, day, first and last sight, distance, added up in order of time."""
    many, ways = len(people.person_ids), people.ways
    order = np.lexsort([ways.floors, ways.starts_s])
    distance_m = np.bincount(people.owners[order], weights=ways.lengths_m[order], minlength=many)
    first_s, last_s = np.zeros(many), np.zeros(many)
    # The last one written stays: of the starts the earliest, of the ends the latest.
    first_s[people.owners[order[::-1]]] = ways.starts_s[order[::-1]]
    by_end = np.argsort(ways.ends_s)
    last_s[people.owners[by_end]] = ways.ends_s[by_end]
    times = (numbers(timestamp_us(epoch_us(at_s[chosen])), ">i8") for at_s in (first_s, last_s))
    return joined(*_whose(people, np.flatnonzero(chosen)), *times, numbers(distance_m[chosen], ">f8"))


def _attributes(people: DayOfPeople, rows: Indices) -> bytes:
    """Rows of `person_attributes`: id, day, version, active, values, confidence."""
    version = words(np.zeros(len(rows), np.int64), [people.attributes_version])
    active = texts([b"\1"]) * len(rows)
    # The binary form of jsonb is its version, 1, and the text.
    objects = (texts([b"\1" + one.encode() for one in _json(people.attributes, part, rows)]) for part in (0, 1))
    return joined(*_whose(people, rows), version, active, *objects)


def _whose(people: DayOfPeople, rows: Indices) -> tuple[list[bytes], list[bytes]]:
    days = people.days[rows] - np.datetime64("1970-01-01")
    return numbers(people.person_ids[rows], "V16"), numbers(
        days.astype(np.int64) + date_number(date(1970, 1, 1)), ">i4"
    )


def _save_attributes(connection: Connection, people: DayOfPeople, rows: Indices, keys: Sequence[Key]) -> None:
    if not len(rows):
        return
    mine = [keys[row] for row in rows]
    described = {
        "version": people.attributes_version,
        "person_ids": [person_id for person_id, _ in mine],
        "days": [day for _, day in mine],
        "attributes": _json(people.attributes, 0, rows),
        "confidences": _json(people.attributes, 1, rows),
    }
    connection.execute(statement("people/deactivate-attributes"), described)
    connection.execute(statement("people/save-attributes"), described)


def _json(attributes: Mapping[str, tuple[NDArray[np.str_], Floats]], part: int, rows: Indices) -> list[str]:
    columns = {key: pair[part][rows].tolist() for key, pair in sorted(attributes.items())}
    return [json.dumps(dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True)]
