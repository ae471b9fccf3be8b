"""Days of walks into the store, by the same load as real ones: cut at full hours, with tracklets and coverage."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from models.world.errors import BadInput, NotFound
from models.world.periods import HOUR, Window, site_hours
from models.world.places import Site
from models.world.ways import Floats, Indices, Ways
from pipelines.simulator.crowd.building import DEPTH_M, LENGTH_M, site
from pipelines.simulator.crowd.walking import Day, walk_day
from sql import days, sites
from sql.coverage import Covered
from sql.day_people import DayOfPeople, Tracklets
from sql.store import Connection, Store

VERSION = "crowd-1"
LEASE_S = 3600.0


def generate(
    admin: Store,
    ingest: Store,
    first: date,
    number: int,
    people: int,
    seed: int,
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Fill `number` days from `first` on with `people` visitors each; loading a day again is loading it once.

    Raises BadInput when the store holds another site, or when somebody else loads one of the days.
    """
    building = site()
    with admin.connection() as connection:
        if _site_name(connection) not in (None, building.name):
            raise BadInput("this store holds another site; generate into a store of its own (another MALL_HOME)")
        sites.save(connection, building)
    for done in range(number):
        load_day(ingest, building, walk_day(first + timedelta(days=done), people, seed))
        progress((done + 1) / number)


def _site_name(connection: Connection) -> str | None:
    try:
        return sites.read(connection).name
    except NotFound:
        return None


def load_day(ingest: Store, building: Site, day: Day) -> None:
    """Put one day into the store. Raises BadInput when somebody else loads it."""
    utc = datetime.fromtimestamp(day.times_s[0], UTC).date() if len(day) else day.day
    load_columns(ingest, building, columns(day, building), utc)


def load_columns(ingest: Store, building: Site, of_people: DayOfPeople, utc: date) -> None:
    """Put a UTC day into the store, covered by all cameras. Raises BadInput when somebody else loads it."""
    claims = days.claim_day(ingest, building.name, utc, "bench", LEASE_S)
    if claims is None:
        raise BadInput(f"somebody else loads {utc}; wait until they have ended")
    hours = site_hours(Window(claims[0].hour, claims[-1].hour + HOUR))
    covered = [Covered(camera.id, hour, VERSION) for camera in building.cameras for hour in hours]
    days.replace_day(ingest, claims, of_people, covered)


def columns(day: Day, building: Site) -> DayOfPeople:
    """The day as the load takes it."""
    ways, owners = cut_at_hours(day)
    attributes = {key: (values, np.full(len(day), 0.9)) for key, values in day.attributes.items()}
    mall_days = np.full(len(day), day.day, dtype="datetime64[D]")
    tracklets = _tracklets(ways, owners, building)
    return DayOfPeople(day.person_ids, mall_days, ways, owners, attributes, tracklets, VERSION, VERSION)


def cut_at_hours(day: Day) -> tuple[Ways, Indices]:
    """The ways in pieces of one stay and one full UTC hour, and whose each is; the place at a full hour is in both pieces."""
    hour = np.floor(day.times_s / 3600)
    crossing = np.flatnonzero((np.diff(day.stays) == 0) & (np.diff(hour) > 0))
    cuts = [(crossing, hour[crossing] + 1)]
    while (still := cuts[-1][1] < hour[cuts[-1][0] + 1]).any():  # a step over more than one full hour
        cuts.append((cuts[-1][0][still], cuts[-1][1][still] + 1))
    step = np.repeat(np.concatenate([one for one, _ in cuts]), 2)
    at_s = np.repeat(np.concatenate([one for _, one in cuts]), 2) * 3600.0
    share = (at_s - day.times_s[step]) / (day.times_s[step + 1] - day.times_s[step])
    place = day.xy_m[step] + share[:, None] * (day.xy_m[step + 1] - day.xy_m[step])
    second = np.tile([False, True], len(step) // 2)
    source = np.concatenate([np.arange(len(day.times_s)), step])
    times_s = np.concatenate([day.times_s, at_s])
    begins = np.concatenate([np.diff(day.stays, prepend=-1) != 0, second])
    order = np.lexsort([begins, times_s, day.stays[source]])
    edges = np.append(np.flatnonzero(begins[order]), len(order))
    firsts = source[order][edges[:-1]]
    ways = Ways(day.floors[firsts], edges, times_s[order], np.concatenate([day.xy_m, place])[order])
    return ways, day.persons[firsts]


def _tracklets(ways: Ways, owners: Indices, building: Site) -> Tracklets:
    """One tracklet for each piece of a way, by the camera nearest to its first place."""
    cameras = [camera.id for camera in building.cameras]
    a_floor = len(cameras) // len(building.floors)
    across = a_floor // 2
    x, y = ways.xy_m[ways.edges[:-1]].T
    column = np.minimum((x / LENGTH_M * across).astype(np.int64), across - 1)
    row = (y > DEPTH_M / 2).astype(np.int64)
    return Tracklets(
        owners,
        _names(ways),
        cameras,
        ways.floors * a_floor + row * across + column,
        ways.starts_s,
        ways.ends_s,
        "founder",
    )


def _names(ways: Ways) -> NDArray[np.void]:
    """An id for each piece, the same for the same piece."""
    parts: tuple[Floats, Floats] = ways.starts_s, ways.xy_m[ways.edges[:-1]].sum(axis=1)
    octets = np.column_stack([np.ascontiguousarray(part).view(np.uint8).reshape(-1, 8) for part in parts])
    octets = np.ascontiguousarray(octets)
    octets[:, 6] = (octets[:, 6] & 0x0F) | 0x80
    octets[:, 8] = (octets[:, 8] & 0x3F) | 0x80
    numbers = np.arange(len(ways), dtype=">u4").view(np.uint8).reshape(-1, 4)
    octets[:, 12:] = numbers
    return octets.view("V16").ravel()
