"""A whole UTC day in bulk: built aside, then swapped in with its rollups and coverage in one transaction.

As `people.replace_hour` does for an hour, this puts a day in the place of what was there; but from columns, and without
touching the rows that readers see. Two connections copy at the same time.
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Rollback
from psycopg import sql as composed

from models.world.errors import LeaseLost
from models.world.periods import Window, site_hours, utc_day
from models.world.ways import Floats, Indices, Ways
from sql import ledger, locks
from sql.copying import copy_in, track_rows, tracklet_rows
from sql.coverage import Covered
from sql.ledger import LoadClaim
from sql.people import lock_days, refresh_persons, write_coverage
from sql.rollups import Tallies
from sql.store import Connection, Store
from sql.text import statement
from sql.where import Located, Visited, borders, check_floors, located, visit_rows, visited

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "person_location": ("person_id", "taken_at", "floor", "location", "grid_id"),
    "person_track": ("person_id", "floor", "starts_at", "ends_at", "length_m", "path"),
    "section_visit": ("person_id", "section_id", "starts_at", "ends_at"),
}
"""What is built aside, with the columns in the order of the copied rows."""


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


def claim_day(store: Store, site: str, day: date, owner: str, lease_s: float) -> list[LoadClaim] | None:
    """Take all hours of a UTC day for loading, or None while somebody else holds one of them."""
    hours = site_hours(utc_day(day))
    with store.connection() as connection, connection.transaction() as attempt:
        claims = [ledger.claim_load(connection, site, hour.start, owner, lease_s) for hour in hours]
        held = [claim for claim in claims if claim is not None]
        if len(held) < len(hours):
            raise Rollback(attempt)
        return held
    return None


def replace_day(
    store: Store,
    claims: Sequence[LoadClaim],
    people: DayOfPeople,
    coverage: Sequence[Covered],
    *,
    patience_s: float = 60.0,
) -> None:
    """Put the day's people, paths and coverage in the place of what was there. Twice is once.

    Readers see the old day until the new one is whole, and wait for no more than the exchange of tables. Raises LeaseLost
    when an hour was claimed anew meanwhile, ValueError for paths or coverage outside the day, the floors or the grid, StoreUnavailable when
    somebody reads the month for longer than `patience_s`, so that the tables cannot be exchanged.
    """
    day = claims[0].hour.date()
    window = utc_day(day)
    _check(claims, people, coverage, window)
    mark = f"{claims[0].epoch}_{uuid.uuid4().hex[:8]}"
    tallies = build_aside(store, people, day, mark)
    with store.connection() as connection, connection.transaction():
        _lock(connection, claims, window)
        key = {"day": day, "mark": mark, "start": window.start, "end": window.end, "site": claims[0].site}
        before = connection.execute(statement("days/people-of-day"), key).fetchall()
        ids = [uuid.UUID(bytes=one.tobytes()) for one in people.person_ids]
        touched = sorted({*before, *zip(ids, people.days.astype(object).tolist(), strict=True)})
        lock_days(connection, claims[0].site, {day for _, day in touched})
        _write_persons(connection, people, ids, key, coverage)
        connection.execute(statement("days/show-aside"), key)
        refresh_persons(connection, touched)
        _refresh_rollups(connection, tallies, {day for _, day in touched}, window)
        connection.execute(statement("days/hide-aside"))
        versions = {"association": people.association_version, "attributes": people.attributes_version}
        connection.execute(statement("days/finish-hours"), {**key, **versions, **_people_by_hour(people, window)})
        _swap(connection, key, patience_s)


def build_aside(store: Store, people: DayOfPeople, day: date, mark: str) -> Tallies:
    """Fill and index the tables of the day, on two connections; what the rollups need is noted on the way."""
    window = utc_day(day)
    with store.connection() as connection:
        check_floors(connection, np.unique(people.ways.floors).tolist())
        held = borders(connection, window)
    hours = [hour_of(people, hour) for hour in site_hours(window)]
    positions: list[Located] = []
    found: list[list[Visited]] = []

    def locations() -> Iterator[bytes]:
        for hour in hours:
            positions.append(located(hour.owners, hour.ways, hour.window))
            yield positions[-1].rows(people.person_ids)

    def tracks() -> Iterator[bytes]:
        for hour in hours:
            yield track_rows(people.person_ids[hour.owners], hour.ways)

    def visits() -> Iterator[bytes]:
        for hour in hours:
            found.append(visited(hour.owners, hour.ways, held))
            yield visit_rows(found[-1], people.person_ids)

    def fill(family: str, rows: Iterator[bytes]) -> None:
        key = {"family": family, "day": day, "mark": mark}
        with store.connection() as connection:
            connection.execute(statement("days/make-aside"), key)
            copy_in(connection, _copy(family, day, mark), rows)
            connection.execute(statement("days/index-aside"), key)

    with ThreadPoolExecutor(2) as pool:
        futures = [
            pool.submit(fill, family, rows)
            for family, rows in (
                ("person_location", locations()),
                ("section_visit", visits()),
                ("person_track", tracks()),
            )
        ]
        for future in futures:
            future.result()
    present = [(hour.window.start, np.unique(hour.owners)) for hour in hours]
    return Tallies.of(people.person_ids, people.days, _values(people), positions, found, present)


@dataclass(frozen=True)
class Hour:
    """The paths of one full hour in order of time, and whose they are."""

    window: Window
    owners: Indices
    ways: Ways


def hour_of(people: DayOfPeople, window: Window) -> Hour:
    """The part of the day that begins within the hour."""
    starts_s = people.ways.starts_s
    numbers = np.flatnonzero((starts_s >= window.start_s) & (starts_s < window.end_s))
    numbers = numbers[np.lexsort([people.owners[numbers], starts_s[numbers]])]
    return Hour(window, people.owners[numbers], people.ways.chosen(numbers))


def _values(people: DayOfPeople) -> dict[str, NDArray[np.str_]]:
    return {key: values for key, (values, _) in people.attributes.items()}


def _check(claims: Sequence[LoadClaim], people: DayOfPeople, coverage: Sequence[Covered], window: Window) -> None:
    if [claim.window for claim in claims] != site_hours(window):
        raise ValueError(f"a day in bulk needs the claims of all its hours, in order; got {len(claims)} of {window}")
    if len(np.unique(people.person_ids)) != len(people.person_ids):
        raise ValueError("a person is listed twice in the day")
    if not np.array_equal(np.unique(people.owners), np.arange(len(people.person_ids))):
        raise ValueError("every person needs a path in the day, and every path a person")
    starts_s, ends_s = people.ways.starts_s, people.ways.ends_s
    outside = (
        (starts_s < window.start_s) | (starts_s >= window.end_s) | (ends_s > np.floor(starts_s / 3600) * 3600 + 3600)
    )
    if outside.any():
        raise ValueError(f"{outside.sum()} paths leave the day {window} or a full hour; cut paths at full hours")
    if not np.isfinite(people.ways.xy_m).all():
        raise ValueError("a path has positions that are not finite")
    for part in coverage:
        if part.window.overlap(window) != part.window:
            raise ValueError(f"the coverage {part.window} of camera {part.camera_id} leaves the day {window}")


def _lock(connection: Connection, claims: Sequence[LoadClaim], window: Window) -> None:
    key = {"site": claims[0].site, "start": window.start, "end": window.end}
    rows: dict[datetime, int] = dict(connection.execute(statement("days/lock-hours"), key).fetchall())
    for claim in claims:
        if rows.get(claim.hour) != claim.epoch:
            raise LeaseLost(
                f"the hour {claim.hour.isoformat()} was claimed anew after epoch {claim.epoch}; drop this load"
            )


def _write_persons(
    connection: Connection,
    people: DayOfPeople,
    ids: Sequence[uuid.UUID],
    key: Mapping[str, Any],
    coverage: Sequence[Covered],
) -> None:
    for step in ("delete-tracklets", "delete-coverage"):
        connection.execute(statement(f"days/{step}"), key)
    copy_in(connection, statement("days/copy-tracklets"), _tracklets(people))
    described = {
        "version": people.attributes_version,
        "person_ids": ids,
        "days": people.days.astype(object).tolist(),
        "attributes": _json(people.attributes, 0, len(ids)),
        "confidences": _json(people.attributes, 1, len(ids)),
    }
    connection.execute(statement("people/deactivate-attributes"), described)
    connection.execute(statement("people/save-attributes"), described)
    write_coverage(connection, coverage)


def _refresh_rollups(connection: Connection, tallies: Tallies, touched: set[date], window: Window) -> None:
    """From what was counted on the way; of a mall's day that reaches out of this UTC day, from what is stored."""
    asked = {"days": sorted(touched), "start": window.start, "end": window.end}
    reach_out = {day for (day,) in connection.execute(statement("days/reach-out"), asked)}
    for day in sorted(reach_out):
        connection.execute(statement("people/refresh-rollups"), {"day": day})
    connection.execute(statement("days/delete-rollups"), {"days": sorted(touched - reach_out)})
    tallies.copy(connection, touched - reach_out)


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


def _json(attributes: Mapping[str, tuple[NDArray[np.str_], Floats]], part: int, people: int) -> list[str]:
    columns = {key: pair[part].tolist() for key, pair in sorted(attributes.items())}
    return [json.dumps({key: column[row] for key, column in columns.items()}) for row in range(people)]


def _people_by_hour(people: DayOfPeople, window: Window) -> dict[str, Any]:
    hours = ((people.ways.starts_s - window.start_s) // 3600).astype(np.int64)
    pairs = np.unique(np.column_stack([hours, people.owners]), axis=0)
    counts = np.bincount(pairs[:, 0], minlength=24)
    return {"hours": [hour.start for hour in site_hours(window)], "people": counts.tolist()}


def _copy(family: str, day: date, mark: str) -> composed.Composed:
    # Frozen: the table is seen by nobody before it is swapped in, and then by everybody.
    return composed.SQL("copy {} ({}) from stdin (format binary, freeze)").format(
        composed.Identifier(f"{family}_{day:%Y_%m_%d}_aside_{mark}"),
        composed.SQL(", ").join(map(composed.Identifier, FAMILIES[family])),
    )


def _swap(connection: Connection, key: Mapping[str, Any], patience_s: float) -> None:
    """Exchange the tables at the end of the transaction."""

    def exchange() -> None:
        for family in FAMILIES:
            connection.execute(statement("days/swap-in"), {**key, "family": family})

    refusal = f"somebody reads {key['day']} without pause, so it cannot be exchanged; load it again later"
    locks.patiently(lambda: locks.briefly(connection, exchange), patience_s, refusal)
