"""A small mall whose every answer can be worked out by hand, and its people.

All times are on 20 November 2026 in UTC; the mall lies in Berlin, an hour ahead. The food court is the rectangle from
(40, 0) to (60, 15) on floor 0.

ann  09:30-10:30 along y = 5 from x = 0 to x = 60, one metre a minute; in the food court from 10:10. Blue, shoes.
bob  10:00-10:10 stands at (50, 10), then walks to (50, 20) by 10:20; leaves the food court at 10:15. Blue, shoes unknown.
cyd  10:05-10:10 on floor 1 from (10, 10) to (40, 10); 10:12-10:22 on floor 0 from (45, 20) to (45, 10). Red, shoes.
dee  10:08:30 seen once at (41, 1). Nothing known.
eve  09:10-09:20 from (5, 5) to (5, 25). Blue, no shoes.
fay  10:40 (30, 10) - 10:42 (50, 10) - 10:44 (30, 10) - 10:46 (50, 10) - 10:48 (50, 20). Red, shoes unknown.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from models.world.paths import Path, cut_at_hours
from models.world.people import person_id
from models.world.periods import Window
from models.world.places import Camera, Floor, Georeference, Section, Segment, Site, calibrate
from sql import ledger, people, sites
from sql.coverage import Covered
from sql.people import HourOfPeople, Person, PersonTracklet
from sql.store import Store

DAY = date(2026, 11, 20)
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
VERSION = "colours-1"
CALIBRATION = calibrate(
    [(12.0, 370.0), (610.0, 365.0), (420.0, 120.0), (200.0, 118.0)], [(1.0, 2.0), (9.0, 2.1), (8.0, 14.0), (2.0, 14.2)]
)
SITE = Site(
    name="northgate",
    time_zone=ZoneInfo("Europe/Berlin"),
    floors=(
        Floor(0, "Ground floor", ((0.0, 0.0), (60.0, 0.0), (60.0, 30.0), (0.0, 30.0))),
        Floor(1, "First floor", ((0.0, 0.0), (60.0, 0.0), (60.0, 30.0), (0.0, 30.0))),
    ),
    sections=(
        Section("atrium", "Atrium", 1, ((0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0))),
        Section("food-court", "Food court", 0, ((40.0, 0.0), (60.0, 0.0), (60.0, 15.0), (40.0, 15.0))),
    ),
    cameras=(
        Camera("cam1", 0, 640, 384, 10.0, 1.0, CALIBRATION),
        Camera("cam2", 1, 640, 384, 10.0, 1.0, CALIBRATION),
    ),
    georeference=Georeference(13.3777, 52.5163, 12.5),
    opening_hours={"mon-sat": "09:00-21:00", "sun": "closed"},
)


@dataclass(frozen=True)
class Visitor:
    """Somebody with corners of a way, (clock, x m, y m), for each floor stay."""

    name: str
    attributes: dict[str, str]
    stays: tuple[tuple[int, tuple[tuple[str, float, float], ...]], ...]

    @property
    def paths(self) -> list[Path]:
        return [walk(floor, corners) for floor, corners in self.stays]

    @property
    def tracklet(self) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_OID, self.name)

    @property
    def id(self) -> uuid.UUID:
        return person_id(SITE.name, DAY, self.tracklet, self.paths[0].times_s[0])


VISITORS = (
    Visitor("ann", {"shirt": "blue", "shoes": "yes"}, ((0, (("09:30:00", 0, 5), ("10:30:00", 60, 5))),)),
    Visitor(
        "bob",
        {"shirt": "blue", "shoes": "unknown"},
        ((0, (("10:00:00", 50, 10), ("10:10:00", 50, 10), ("10:20:00", 50, 20))),),
    ),
    Visitor(
        "cyd",
        {"shirt": "red", "shoes": "yes"},
        (
            (1, (("10:05:00", 10, 10), ("10:10:00", 40, 10))),
            (0, (("10:12:00", 45, 20), ("10:22:00", 45, 10))),
        ),
    ),
    Visitor("dee", {}, ((0, (("10:08:30", 41, 1),)),)),
    Visitor("eve", {"shirt": "blue", "shoes": "no"}, ((0, (("09:10:00", 5, 5), ("09:20:00", 5, 25))),)),
    Visitor(
        "fay",
        {"shirt": "red", "shoes": "unknown"},
        (
            (
                0,
                (
                    ("10:40:00", 30, 10),
                    ("10:42:00", 50, 10),
                    ("10:44:00", 30, 10),
                    ("10:46:00", 50, 10),
                    ("10:48:00", 50, 20),
                ),
            ),
        ),
    ),
)


def clock_s(text: str) -> float:
    """A time of day, UTC, as epoch seconds."""
    return datetime.fromisoformat(f"{DAY}T{text}+00:00").timestamp()


def walk(floor: int, corners: Iterable[tuple[str, float, float]]) -> Path:
    """The straight, even walk between the corners, in 1 s steps."""
    at_s = np.array([clock_s(clock) for clock, _, _ in corners])
    xy_m = np.array([(x, y) for _, x, y in corners], dtype=float)
    return Path(floor, times := np.arange(at_s[0], at_s[-1] + 1), Path(floor, at_s, xy_m).at(times))


def hour_of_people(visitors: Iterable[Visitor], hour: datetime) -> HourOfPeople:
    """The visitors' pieces of that hour."""
    paths = {visitor.id: _within(visitor, hour) for visitor in visitors}
    persons = [_person(visitor) for visitor in visitors if paths[visitor.id]]
    return HourOfPeople(persons, {key: pieces for key, pieces in paths.items() if pieces}, VERSION)


def load(store: Store, hour: datetime, visitors: Iterable[Visitor] = VISITORS, *, covered: bool = True) -> None:
    """Claim the hour and put the visitors into it."""
    with store.connection() as connection:
        claim = ledger.claim_load(connection, SITE.name, hour, "test", 60)
    assert claim is not None
    coverage = [Covered(camera.id, claim.window, "mall-people-1") for camera in SITE.cameras] if covered else []
    with store.connection() as connection:
        people.replace_hour(connection, claim, hour_of_people(list(visitors), hour), coverage)


def fill(admin: Store, ingest: Store) -> None:
    """The whole mall: site and both hours."""
    with admin.connection() as connection:
        sites.save(connection, SITE)
    for hour in (NINE, TEN):
        load(ingest, hour)


def segment(camera_id: str = "cam1", start: datetime = TEN, minutes: float = 30, content: str = "a") -> Segment:
    """A recorded file."""
    window = Window(start, start + timedelta(minutes=minutes))
    identity = uuid.uuid5(uuid.NAMESPACE_OID, f"{camera_id} {start} {content}")
    return Segment(identity, camera_id, window, content * 64, f"video/{identity}.mp4", 1000, 640, 384, 18000, 1.0)


def _within(visitor: Visitor, hour: datetime) -> list[Path]:
    start_s = hour.timestamp()
    pieces = [piece for path in visitor.paths for piece in cut_at_hours(path)]
    return [piece for piece in pieces if start_s <= piece.times_s[0] < start_s + 3600]


def _person(visitor: Visitor) -> Person:
    attributes = {key: (value, 0.9) for key, value in visitor.attributes.items()}
    first, last = visitor.paths[0].times_s[0], visitor.paths[-1].times_s[-1]
    return Person(visitor.id, DAY, attributes, [PersonTracklet(visitor.tracklet, "cam1", first, last, "founder")])


NAMES = {visitor.id: visitor.name for visitor in VISITORS}
