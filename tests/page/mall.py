"""A busy mall for the page: two floors, eight cameras, three recorded days, of which the last is only partly extracted.

All of it is made up from a seed; the people walk from one place to the next and linger there. Times are UTC; the mall
lies in Berlin, an hour ahead. On the last day cam7 is dark from 16:20, and nothing after 17:00 is extracted.
"""

import itertools
import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from models.world.attributes import COLOURS
from models.world.paths import Floats, Path, cut_at_hours
from models.world.people import person_id
from models.world.periods import Window
from models.world.places import Camera, Floor, Georeference, Section, Segment, Site, calibrate, inside
from models.world.views import seen_floor
from sql import ledger, people, sites, videos
from sql.coverage import Covered
from sql.people import HourOfPeople, Person, PersonTracklet
from sql.store import Store

HOUR = timedelta(hours=1)
FOUR = datetime(2026, 11, 20, 16, tzinfo=UTC)
"""The hour with people in it, on the last day."""
NOW = FOUR + 4 * HOUR
EXTRACTOR = "mall-people-1"
PEOPLE = 34


def _camera(name: str, floor: int, x: float, y: float, heading_deg: float) -> Camera:
    """A camera near (x, y) that looks along the heading: a narrow near edge, a wide far one."""
    forward = np.array([np.cos(np.radians(heading_deg)), np.sin(np.radians(heading_deg))])
    right = np.array([forward[1], -forward[0]])
    seen = [(1.5, -1.6), (1.5, 1.6), (15.0, 6.5), (15.0, -6.5)]
    floor_m = [tuple(map(float, np.array([x, y]) + ahead * forward + aside * right)) for ahead, aside in seen]
    picture_px = [(0.0, 384.0), (640.0, 384.0), (640.0, 90.0), (0.0, 90.0)]
    return Camera(name, floor, 640, 384, 10.0, 1.0, calibrate(picture_px, [(a, b) for a, b in floor_m]))


def _box(left: float, low: float, right: float, high: float) -> tuple[tuple[float, float], ...]:
    return ((left, low), (right, low), (right, high), (left, high))


GROUND = ((0.0, 0.0), (72.0, 0.0), (72.0, 22.0), (48.0, 22.0), (48.0, 34.0), (24.0, 34.0), (24.0, 22.0), (0.0, 22.0))
SITE = Site(
    name="northgate",
    time_zone=ZoneInfo("Europe/Berlin"),
    floors=(Floor(0, "Ground floor", GROUND), Floor(1, "First floor", _box(0, 0, 72, 22))),
    sections=(
        Section("fashion", "Fashion", 0, _box(3, 2, 22, 8)),
        Section("electronics", "Electronics", 0, _box(3, 14, 22, 20)),
        Section("food-court", "Food court", 0, _box(27, 21, 45, 32)),
        Section("atrium", "Atrium", 0, _box(28, 6, 44, 17)),
        Section("books", "Books & toys", 0, _box(50, 2, 69, 8)),
        Section("pharmacy", "Pharmacy", 0, _box(50, 14, 69, 20)),
        Section("cinema", "Cinema", 1, _box(4, 4, 30, 18)),
        Section("terrace", "Terrace", 1, _box(46, 4, 68, 18)),
    ),
    cameras=(
        _camera("cam1", 0, 1, 11, 0),
        _camera("cam2", 0, 71, 11, 180),
        _camera("cam3", 0, 36, 33, 270),
        _camera("cam4", 0, 24, 11, 0),
        _camera("cam5", 0, 48, 11, 180),
        _camera("cam6", 1, 2, 11, 0),
        _camera("cam7", 1, 70, 11, 180),
        _camera("cam8", 1, 36, 2, 90),
    ),
    georeference=Georeference(13.3777, 52.5163, 12.5),
    opening_hours={"mon-sat": "09:00-21:00", "sun": "closed"},
)
VIEWS = {floor.id: [seen_floor(one, floor) for one in SITE.cameras if one.floor == floor.id] for floor in SITE.floors}
_DOORS = ((1.5, 11.0), (70.5, 11.0))
_CORRIDOR_Y = 11.0


def fill(admin: Store, ingest: Store) -> None:
    """Site, recordings of three days, and what of them is extracted."""
    with admin.connection() as connection:
        sites.save(connection, SITE)
    with ingest.connection() as connection:
        for segment in _segments():
            videos.add(connection, segment)
    visitors = dict(_visitors())
    for hour in _extracted_hours():
        with ingest.connection() as connection:
            claim = ledger.claim_load(connection, SITE.name, hour, "test", 60)
        assert claim is not None
        with ingest.connection() as connection:
            people.replace_hour(connection, claim, _people_of(visitors, hour), coverage_of(hour))


def _segments() -> Iterator[Segment]:
    for day, (first, last) in {-2: (9, 20), -1: (9, 20), 0: (9, 18)}.items():
        for number, camera in enumerate(SITE.cameras):
            for clock in range(first, last):
                start = FOUR.replace(hour=clock) + timedelta(days=day)
                if camera.id == "cam7" and day == 0 and clock > 16:
                    continue
                end = start + (timedelta(minutes=20) if camera.id == "cam7" and start == FOUR else HOUR)
                identity = uuid.uuid5(uuid.NAMESPACE_OID, f"{camera.id} {start}")
                sha256 = f"{number}{clock:02}{day + 2}" * 16
                yield Segment(
                    identity,
                    camera.id,
                    Window(start, end),
                    sha256,
                    f"video/{identity}.mp4",
                    10**9,
                    640,
                    384,
                    36000,
                    1.0,
                )


def _extracted_hours() -> list[datetime]:
    days = [range(9, 20), range(9, 14), range(11, 17)]
    return [FOUR.replace(hour=clock) + timedelta(days=day - 2) for day, clocks in enumerate(days) for clock in clocks]


def coverage_of(hour: datetime) -> list[Covered]:
    until = {"cam7": timedelta(minutes=20)} if hour == FOUR else {}
    return [Covered(one.id, Window(hour, hour + until.get(one.id, HOUR)), EXTRACTOR) for one in SITE.cameras]


def _people_of(visitors: dict[uuid.UUID, tuple[Person, list[Path]]], hour: datetime) -> HourOfPeople:
    begin = hour.timestamp()
    paths: dict[uuid.UUID, list[Path]] = defaultdict(list)
    for identity, (_, stays) in visitors.items():
        for piece in (piece for stay in stays for piece in cut_at_hours(stay)):
            if begin <= piece.times_s[0] < begin + 3600:
                paths[identity].append(piece)
    return HourOfPeople([visitors[identity][0] for identity in paths], paths, "colours-1")


def _visitors() -> Iterator[tuple[uuid.UUID, tuple[Person, list[Path]]]]:
    random = np.random.default_rng(20)
    for number in range(PEOPLE):
        stays = _walk(random, FOUR.timestamp() + float(random.integers(60, 2700)))
        tracklet = uuid.uuid5(uuid.NAMESPACE_OID, f"busy {number}")
        identity = person_id(SITE.name, FOUR.date(), tracklet, stays[0].times_s[0])
        first, last = stays[0].times_s[0], stays[-1].times_s[-1]
        seen = [PersonTracklet(tracklet, "cam1", first, last, "founder")]
        yield identity, (Person(identity, FOUR.date(), _looks(random), seen), stays)


def _looks(random: np.random.Generator) -> dict[str, tuple[str, float]]:
    shirt = "unknown" if random.random() < 0.1 else str(random.choice(["blue", "blue", "red", *COLOURS]))
    return {
        "shirt": (shirt, 0.9),
        "trousers": (str(random.choice(["black", "blue", "grey"])), 0.8),
        "shoes": ("yes", 0.9),
    }


def _walk(random: np.random.Generator, start_s: float) -> list[Path]:
    """In by a door, along the corridor to two or three sections, out again; a few go upstairs at the end."""
    sections = [one for one in SITE.sections if one.floor == 0]
    visited = [sections[index] for index in random.choice(len(sections), int(random.integers(2, 4)), replace=False)]
    corners: list[tuple[float, float, float]] = [(*_DOORS[int(random.integers(2))], 0.0)]
    for section in visited:
        (left, low), (right, high) = np.min(section.polygon, axis=0), np.max(section.polygon, axis=0)
        x, y = random.uniform(left + 1.5, right - 1.5), random.uniform(low + 1, high - 1)
        aisle = _CORRIDOR_Y + random.uniform(-2.5, 2.5)
        corners += [*_strolled(random, corners[-1], x, aisle), (x, y, float(random.integers(20, 200))), (x, aisle, 0.0)]
    door_x, door_y = _DOORS[int(random.integers(2))]
    corners += _strolled(random, corners[-1], door_x, door_y)
    below = _path(random, 0, corners, start_s)
    if random.random() > 0.25:
        return [below]
    upstairs = [(36.0, 11.0, 0.0), (random.uniform(48, 66), random.uniform(6, 16), 90.0), (36.0, 12.0, 0.0)]
    return [below, _path(random, 1, upstairs, below.times_s[-1] + 40)]


def _strolled(
    random: np.random.Generator, start: tuple[float, float, float], x: float, y: float
) -> list[tuple[float, float, float]]:
    """The way along the corridor, a little to the left and right every seven metres."""
    stops = max(int(abs(x - start[0]) // 7), 1)
    shares = np.arange(1, stops) / stops
    between = [(start[0] + share * (x - start[0]), _CORRIDOR_Y + random.uniform(-2.5, 2.5), 0.0) for share in shares]
    return [*between, (x, y, 0.0)]


def _path(random: np.random.Generator, floor: int, corners: list[tuple[float, float, float]], start_s: float) -> Path:
    """Even walking between the corners, staying at each for its seconds, a little unsteady, in 1 s steps."""
    times, places, now = [start_s], [corners[0][:2]], start_s
    for (x0, y0, _), (x1, y1, stay_s) in itertools.pairwise(corners):
        now += max(float(np.hypot(x1 - x0, y1 - y0)) / 1.25, 1.0)
        times.append(now)
        places.append((x1, y1))
        if stay_s:
            now += stay_s
            times.append(now)
            places.append((x1, y1))
    steps = np.arange(np.ceil(times[0]), np.floor(times[-1]) + 1)
    xy_m = np.column_stack([np.interp(steps, times, [place[axis] for place in places]) for axis in (0, 1)])
    sway = np.cumsum(random.normal(0, 0.06, xy_m.shape), axis=0)
    sway -= np.linspace(0, 1, len(sway))[:, None] * sway[-1]
    places_m = xy_m + np.clip(sway, -0.6, 0.6)
    return Path(floor, steps, places_m, _unseen_s(floor, steps, places_m))


def _unseen_s(floor: int, times_s: Floats, xy_m: Floats) -> Floats:
    """When no camera's picture shows the place, for longer than 4 s and not at an end."""
    seen = np.any([inside(tuple(map(tuple, view)), xy_m) for view in VIEWS[floor]], axis=0)
    at_s = times_s[seen | (times_s == times_s[0]) | (times_s == times_s[-1])]
    lost = np.flatnonzero(np.diff(at_s) > 4)
    return np.column_stack([at_s[lost], at_s[lost + 1]])
