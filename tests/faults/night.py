"""People of the night in which clocks go back, 25 October 2026 in Berlin (at 01:00 UTC from 03:00 to 02:00), and how they are loaded.

Every one of them crosses a border at which a load may lose or double rows, UTC:

eve   24th 21:50 - 22:10   midnight of the mall: her day is the 24th
nick  24th 23:50 - 00:10   midnight in UTC
cleo  25th 00:30 - 01:30   the hour that comes twice
hal   25th 09:55 - 11:05   two full hours
tom   25th 10:00 - 10:30   begins at a full hour
pat   25th 10:30 - 11:00   ends at a full hour
max   25th 23:40 - 24:00   ends at midnight
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from models.world.attributes import ATTRIBUTES, UNKNOWN
from models.world.paths import Path, cut_at_hours, simplified
from models.world.people import person_id
from models.world.periods import Window, local_day, site_hours, utc_day
from models.world.ways import Ways
from sql import days, ledger, people, sites
from sql.coverage import Covered
from sql.day_people import DayOfPeople, Tracklets
from sql.ledger import LoadClaim
from sql.people import HourOfPeople, Person, PersonTracklet
from sql.store import Store
from tests.conftest import Database
from tests.sql.mall import SITE

DAY = date(2026, 10, 25)
DAYS = [DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)]
MIDNIGHT = datetime(2026, 10, 25, tzinfo=UTC)
VERSION = "night-1"


@dataclass(frozen=True)
class Guest:
    """Somebody who walks from (`x_m`, 1) upwards on the ground floor, in the food court if `x_m` > 40.

    A 256th of a metre a second: every position is exact, so hour by hour and in bulk are the same to the last digit.
    """

    name: str
    from_min: int
    to_min: int
    x_m: float
    shirt: str

    @property
    def id(self) -> uuid.UUID:
        return person_id(SITE.name, self.day, uuid.uuid5(uuid.NAMESPACE_OID, self.name), self.path.times_s[0])

    @property
    def day(self) -> date:
        return local_day(MIDNIGHT + timedelta(minutes=self.from_min), SITE.time_zone)

    @property
    def path(self) -> Path:
        times_s = MIDNIGHT.timestamp() + np.arange(60.0 * self.from_min, 60 * self.to_min + 1)
        return Path(0, times_s, np.column_stack([np.full(len(times_s), self.x_m), 1 + (times_s - times_s[0]) / 256]))

    def pieces(self, window: Window) -> list[Path]:
        return [one for one in cut_at_hours(self.path) if window.start_s <= one.times_s[0] < window.end_s]

    @property
    def attributes(self) -> dict[str, str]:
        return {**dict.fromkeys(ATTRIBUTES, UNKNOWN), "shirt": self.shirt}


GUESTS = (
    Guest("eve", -130, -110, 10.0, "blue"),
    Guest("nick", -10, 10, 45.0, "red"),
    Guest("cleo", 30, 90, 50.0, "blue"),
    Guest("hal", 595, 665, 55.0, "red"),
    Guest("tom", 600, 630, 42.0, "blue"),
    Guest("pat", 630, 660, 20.0, "green"),
    Guest("max", 1420, 1440, 48.0, "blue"),
)


def load_hour(store: Store, hour: datetime, guests: Sequence[Guest], lease_s: float = 60.0) -> bool:
    """Put the guests into one full hour; whether it could be claimed."""
    with store.connection() as connection:
        claim = ledger.claim_load(connection, SITE.name, hour, "test", lease_s)
    if claim is None:
        return False
    with store.connection() as connection:
        people.replace_hour(connection, claim, in_hour(guests, claim.window), covered([claim]))
    return True


def load_day(store: Store, day: date, guests: Sequence[Guest], lease_s: float = 60.0) -> bool:
    """Put the guests into one UTC day in bulk; whether it could be claimed."""
    claims = days.claim_day(store, SITE.name, day, "test", lease_s)
    if claims is not None:
        days.replace_day(store, claims, in_day(guests, day), covered(claims))
    return claims is not None


def hours_of(day: date) -> list[datetime]:
    return [hour.start for hour in site_hours(utc_day(day))]


def covered(claims: Sequence[LoadClaim]) -> list[Covered]:
    return [Covered(camera.id, claim.window, VERSION) for camera in SITE.cameras for claim in claims]


def in_hour(guests: Sequence[Guest], window: Window) -> HourOfPeople:
    paths = {guest.id: pieces for guest in guests if (pieces := guest.pieces(window))}
    persons = [
        Person(
            guest.id,
            guest.day,
            {key: (value, 0.9) for key, value in guest.attributes.items()},
            [PersonTracklet(*tracklet(guest, piece), "founder") for piece in paths[guest.id]],
        )
        for guest in guests
        if guest.id in paths
    ]
    return HourOfPeople(persons, paths, VERSION)


def in_day(guests: Sequence[Guest], day: date) -> DayOfPeople:
    there = [(guest, pieces) for guest in guests if (pieces := guest.pieces(utc_day(day)))]
    owned = [(number, guest, piece) for number, (guest, pieces) in enumerate(there) for piece in pieces]
    ways = Ways.of(simplified(piece) for _, _, piece in owned)
    owners = np.array([number for number, _, _ in owned], dtype=np.int64)
    names = [tracklet(guest, piece)[0] for _, guest, piece in owned]
    zeros = np.zeros(len(owned), dtype=np.int64)
    seen = Tracklets(owners, ids(names), [SITE.cameras[0].id], zeros, ways.starts_s, ways.ends_s, "founder")
    values = {key: np.array([guest.attributes[key] for guest, _ in there]) for key in ATTRIBUTES}
    return DayOfPeople(
        ids([guest.id for guest, _ in there]),
        np.array([guest.day for guest, _ in there], dtype="datetime64[D]"),
        ways,
        owners,
        {key: (column, np.full(len(there), 0.9)) for key, column in values.items()},
        seen,
        VERSION,
    )


def tracklet(guest: Guest, piece: Path) -> tuple[uuid.UUID, str, float, float]:
    """One for each piece, so that in bulk it lies in the same hour."""
    name = uuid.uuid5(uuid.NAMESPACE_OID, f"{guest.name} {piece.times_s[0]}")
    return name, SITE.cameras[0].id, float(piece.times_s[0]), float(piece.times_s[-1])


def ids(keys: Sequence[uuid.UUID]) -> np.ndarray[Any, np.dtype[np.void]]:
    return np.frombuffer(b"".join(key.bytes for key in keys), dtype="V16")


HOURS = [hour for day in DAYS for hour in hours_of(day)]


def opened(database: Database) -> Database:
    """The database with the mall and all guests of the night."""
    with Store(database.admin_dsn, role="admin", size=1) as admin, admin.connection() as connection:
        sites.save(connection, SITE, valid_from=MIDNIGHT - timedelta(days=9))
    with Store(database.ingest_dsn, role="ingest", size=3) as ingest:
        for day in DAYS:
            load_day(ingest, day, GUESTS)
    return database
