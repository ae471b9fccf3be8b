"""A whole UTC day in bulk: built aside, then swapped in with its rollups and coverage in one transaction.

As `people.replace_hour` does for an hour, this puts a day in the place of what was there; but from columns, and without
touching the rows that readers see. While two connections build the tables aside, a third writes who the people are.
"""

import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

import numpy as np
from psycopg import Rollback

from models.world.errors import LeaseLost
from models.world.periods import Window, site_hours, utc_day
from sql import day_people, ledger, locks
from sql.aside import CONNECTIONS, FAMILIES, Aside
from sql.copying import epoch_us
from sql.coverage import Covered
from sql.day_people import DayOfPeople
from sql.ledger import LoadClaim
from sql.people import lock_days
from sql.rollups import OnFloors, Tallies
from sql.store import Connection, Store
from sql.text import statement


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
    key = {"day": day, "mark": mark, "start": window.start, "end": window.end, "site": claims[0].site}
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        aside = Aside(store, pool, people, day, mark)
        with store.connection() as connection, connection.transaction():
            _lock(connection, claims, window)
            before = connection.execute(statement("days/people-of-day"), key).fetchall()
            touched = {own for _, own in before} | set(np.unique(people.days).astype(object).tolist())
            lock_days(connection, claims[0].site, touched)
            known = day_people.write(connection, people, coverage, key)
            tallies = _tallies(people, aside)
            # Where everybody is new, sums need not wait for the tables.
            whole = set() if before or known else touched - _reaching_out(connection, touched, window)
            tallies.replace(connection, whole)
            aside.finish()
            connection.execute(statement("days/show-aside"), key)
            day_people.refresh(connection, {*before, *known})
            _refresh_rollups(connection, tallies, touched - whole, window)
            connection.execute(statement("days/hide-aside"))
            versions = {"association": people.association_version, "attributes": people.attributes_version}
            connection.execute(statement("days/finish-hours"), {**key, **versions, **_people_by_hour(people, window)})
            _swap(connection, key, patience_s)


def _tallies(people: DayOfPeople, aside: Aside) -> Tallies:
    present = [(hour.window.start, np.unique(hour.owners)) for hour in aside.hours]
    on_floors = OnFloors(people.owners, epoch_us(people.ways.starts_s), people.ways.floors.astype(np.int64))
    return Tallies.of(
        people.person_ids, people.days, people.values, aside.positions(), aside.visits(), present, on_floors
    )


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


def _refresh_rollups(connection: Connection, tallies: Tallies, touched: set[date], window: Window) -> None:
    """From what was counted on the way; of a mall's day that reaches out of this UTC day, from what is stored."""
    reach_out = _reaching_out(connection, touched, window)
    for day in sorted(reach_out):
        connection.execute(statement("people/refresh-rollups"), {"day": day})
    tallies.replace(connection, touched - reach_out)


def _reaching_out(connection: Connection, touched: set[date], window: Window) -> set[date]:
    asked = {"days": sorted(touched), "start": window.start, "end": window.end}
    return {day for (day,) in connection.execute(statement("days/reach-out"), asked)}


def _people_by_hour(people: DayOfPeople, window: Window) -> dict[str, Any]:
    hours = ((people.ways.starts_s - window.start_s) // 3600).astype(np.int64)
    pairs = np.unique(np.column_stack([hours, people.owners]), axis=0)
    counts = np.bincount(pairs[:, 0], minlength=24)
    return {"hours": [hour.start for hour in site_hours(window)], "people": counts.tolist()}


def _swap(connection: Connection, key: Mapping[str, Any], patience_s: float) -> None:
    """Exchange the tables at the end of the transaction."""

    def exchange() -> None:
        for family in FAMILIES:
            connection.execute(statement("days/swap-in"), {**key, "family": family})

    refusal = f"somebody reads {key['day']} without pause, so it cannot be exchanged; load it again later"
    locks.patiently(lambda: locks.briefly(connection, exchange), patience_s, refusal)
