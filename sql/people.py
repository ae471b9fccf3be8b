"""People in the store: one hour is replaced as a whole, and what a day knows of its people is remembered."""

import itertools
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.world.errors import LeaseLost
from models.world.paths import Path, simplified
from models.world.periods import from_epoch_s
from models.world.ways import Ways
from sql.copying import copy_in, epoch_us, timestamp_us, track_rows
from sql.coverage import Covered
from sql.ledger import LoadClaim
from sql.row_bytes import multiranges
from sql.store import Connection
from sql.text import statement
from sql.where import borders, check_floors, located, visit_rows, visited


@dataclass(frozen=True)
class PersonTracklet:
    """A tracklet that belongs to a person, and why (`reason`)."""

    tracklet_id: uuid.UUID
    camera_id: str
    first_seen_s: float
    last_seen_s: float
    reason: str


@dataclass(frozen=True)
class Person:
    """A visitor as seen in one hour; `attributes` is key -> (value or "unknown", confidence 0..1)."""

    person_id: uuid.UUID
    day: date
    attributes: Mapping[str, tuple[str, float]]
    tracklets: Sequence[PersonTracklet]


@dataclass(frozen=True)
class HourOfPeople:
    """Everybody in one hour, with their paths (1 s steps, each within the hour; at least one path a person).

    `attributes_version` names the describer that the attributes come from, `association_version` who told people apart.
    """

    persons: Sequence[Person]
    paths: Mapping[uuid.UUID, Sequence[Path]]
    attributes_version: str
    association_version: str | None = None


@dataclass(frozen=True)
class KnownPerson:
    """A person of a day that was loaded before: association keeps the ids of those it finds again."""

    person_id: uuid.UUID
    tracklet_ids: tuple[uuid.UUID, ...]
    first_seen_s: float
    last_seen_s: float


def replace_hour(connection: Connection, claim: LoadClaim, people: HourOfPeople, coverage: Sequence[Covered]) -> None:
    """Put the hour's people, paths and coverage (with its gaps) in the place of what was there, in one transaction.

    Twice is once. People who have no path left in any hour vanish. Hours of one day wait for each other.
    Raises LeaseLost when the hour was claimed anew meanwhile, ValueError for paths or coverage outside the
    hour, the floors or the grid.
    """
    _check(claim, people, coverage)
    key = {"site": claim.site, "hour": claim.hour, "epoch": claim.epoch, "end": claim.window.end}
    with connection.transaction():
        if connection.execute(statement("people/lock-hour"), key).fetchone() is None:
            raise LeaseLost(
                f"the hour {claim.hour.isoformat()} was claimed anew after epoch {claim.epoch}; drop this load"
            )
        check_floors(connection, (path.floor for paths in people.paths.values() for path in paths))
        before = connection.execute(statement("people/people-of-hour"), key).fetchall()
        touched = sorted({*before, *((person.person_id, person.day) for person in people.persons)})
        lock_days(connection, claim.site, {day for _, day in touched})
        for step in ("delete-locations", "delete-tracks", "delete-visits", "delete-tracklets", "delete-coverage"):
            connection.execute(statement(f"people/{step}"), key)
        _write(connection, claim, people, coverage)
        refresh_persons(connection, touched)
        for day in sorted({day for _, day in touched}):
            connection.execute(statement("people/refresh-rollups"), {"day": day})
        versions = {"association": people.association_version, "attributes": people.attributes_version}
        connection.execute(statement("people/finish-hour"), {**key, **versions, "people": len(people.persons)})


def memory(connection: Connection, site: str, day: date) -> list[KnownPerson]:  # noqa: ARG001
    """The people of the mall's own day `day`, with all their tracklets, by first sighting."""
    rows = connection.execute(statement("people/memory"), {"day": day})
    return [
        KnownPerson(person_id, tuple(tracklet_ids), first_seen.timestamp(), last_seen.timestamp())
        for person_id, tracklet_ids, first_seen, last_seen in rows
    ]


def _check(claim: LoadClaim, people: HourOfPeople, coverage: Sequence[Covered]) -> None:
    hour = claim.window
    ids = [person.person_id for person in people.persons]
    if len(set(ids)) != len(ids):
        raise ValueError("a person is listed twice in the hour")
    if set(ids) != {person_id for person_id, paths in people.paths.items() if paths}:
        raise ValueError("every person needs a path in the hour, and every path a person")
    for path in itertools.chain.from_iterable(people.paths.values()):
        if not (hour.start_s <= path.times_s[0] < hour.end_s and path.times_s[-1] <= hour.end_s):
            raise ValueError(f"a path leaves the hour {hour}; cut paths at full hours")
        if not np.isfinite(path.xy_m).all():
            raise ValueError("a path has positions that are not finite")
    for part in coverage:
        if part.window.overlap(hour) != part.window:
            raise ValueError(f"the coverage {part.window} of camera {part.camera_id} leaves the hour {hour}")


def lock_days(connection: Connection, site: str, days: Iterable[date]) -> None:
    """Make other loads of the mall's own days wait for the end of this transaction."""
    for day in sorted(days):
        connection.execute(statement("people/lock-day"), {"site": site, "day": day})


def _write(connection: Connection, claim: LoadClaim, people: HourOfPeople, coverage: Sequence[Covered]) -> None:
    if people.persons:
        _write_ways(connection, claim, people)
    connection.execute(statement("people/add-tracklets"), _tracklets(claim, people))
    connection.execute(statement("people/deactivate-attributes"), _attributes(people))
    connection.execute(statement("people/save-attributes"), _attributes(people))
    write_coverage(connection, coverage)


def write_coverage(connection: Connection, coverage: Sequence[Covered]) -> None:
    """Add the coverage of what is loaded in this transaction."""
    connection.execute(
        statement("people/add-coverage"),
        {
            "camera_ids": [part.camera_id for part in coverage],
            "starts": [part.window.start for part in coverage],
            "ends": [part.window.end for part in coverage],
            "extractors": [part.extractor for part in coverage],
            "reasons": [part.reason for part in coverage],
        },
    )


def refresh_persons(connection: Connection, touched: Sequence[tuple[uuid.UUID, date]]) -> None:
    """Bring first and last sight and the distance up to date for these people; who has no path left vanishes."""
    whom = {"person_ids": [person_id for person_id, _ in touched], "days": [day for _, day in touched]}
    for step in ("refresh-persons", "drop-gone-attributes", "drop-gone-persons"):
        connection.execute(statement(f"people/{step}"), whom)


def _write_ways(connection: Connection, claim: LoadClaim, people: HourOfPeople) -> None:
    owners, paths = _owned_paths(people)
    ids = np.frombuffer(b"".join(person.person_id.bytes for person in people.persons), dtype="V16")
    copy_in(connection, statement("people/copy-locations"), [located(owners, Ways.of(paths), claim.window).rows(ids)])
    stored = Ways.of(simplified(path) for path in paths)
    order = np.lexsort([owners, stored.starts_s])
    owners, stored = owners[order], stored.chosen(order)
    unseen = multiranges([timestamp_us(epoch_us(paths[one].unseen_s)) for one in order])
    copy_in(connection, statement("people/copy-tracks"), [track_rows(ids[owners], stored, unseen)])
    found = visited(owners, stored, borders(connection, claim.window))
    copy_in(connection, statement("people/copy-visits"), [visit_rows(found, ids)])


def _owned_paths(people: HourOfPeople) -> tuple[NDArray[np.int64], list[Path]]:
    """The paths of everybody, and whose each is, by number."""
    owned = [(number, path) for number, one in enumerate(people.persons) for path in people.paths[one.person_id]]
    return np.array([number for number, _ in owned], dtype=np.int64), [path for _, path in owned]


def _tracklets(claim: LoadClaim, people: HourOfPeople) -> dict[str, Any]:
    rows = [(person, tracklet) for person in people.persons for tracklet in person.tracklets]
    return {
        "hour": claim.hour,
        "tracklet_ids": [tracklet.tracklet_id for _, tracklet in rows],
        "person_ids": [person.person_id for person, _ in rows],
        "days": [person.day for person, _ in rows],
        "camera_ids": [tracklet.camera_id for _, tracklet in rows],
        "firsts": [from_epoch_s(tracklet.first_seen_s) for _, tracklet in rows],
        "lasts": [from_epoch_s(tracklet.last_seen_s) for _, tracklet in rows],
        "reasons": [tracklet.reason for _, tracklet in rows],
    }


def _attributes(people: HourOfPeople) -> dict[str, Any]:
    return {
        "version": people.attributes_version,
        "person_ids": [person.person_id for person in people.persons],
        "days": [person.day for person in people.persons],
        "attributes": [_json(person.attributes, 0) for person in people.persons],
        "confidences": [_json(person.attributes, 1) for person in people.persons],
    }


def _json(attributes: Mapping[str, tuple[str, float]], part: int) -> str:
    return json.dumps({key: pair[part] for key, pair in sorted(attributes.items())}, allow_nan=False)
