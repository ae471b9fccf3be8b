"""Cutting paths by windows and sections, against a walk sampled very finely in numpy."""

import uuid
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from models.world.paths import Path
from models.world.places import inside
from sql.people import HourOfPeople, Person, replace_hour
from sql.store import Connection, Store
from tests.sql import mall
from tests.sql.mall import DAY, SITE, TEN, VERSION
from tests.sql.test_people import claimed

COURT = SITE.section("food-court").polygon
STEP_S = 0.01


@pytest.fixture
def wanderers(admin: Store, ingest: Store) -> list[Person]:
    """Twelve people with random corners all over the floor, some standing still for a while, in one hour."""
    rng = np.random.default_rng(7)
    with admin.connection() as connection:
        mall.sites.save(connection, SITE)
    ways = {uuid.uuid4(): random_way(rng) for _ in range(12)}
    persons = [Person(key, DAY, {}, []) for key in ways]
    claim = claimed(ingest, TEN)
    with ingest.connection() as connection:
        replace_hour(connection, claim, HourOfPeople(persons, {key: [way] for key, way in ways.items()}, VERSION), [])
    return persons


def random_way(rng: np.random.Generator) -> Path:
    corners = rng.uniform([30, 0], [60, 30], (12, 2))
    corners[[3, 7]] = corners[[2, 6]]
    times = TEN.timestamp() + 60 + np.cumsum(rng.integers(5, 60, 12)).astype(float)
    return Path(0, times, corners)


def stored_way(connection: Connection, person: Person) -> Path:
    rows = connection.execute(
        "select st_m(p.geom), st_x(p.geom), st_y(p.geom) from person_track as t"
        " cross join lateral st_dumppoints(t.path) as p where t.person_id = %s order by p.path[1]",
        [person.person_id],
    ).fetchall()
    columns = np.array(rows, dtype=float)
    return Path(0, columns[:, 0], columns[:, 1:])


def sampled(way: Path, start_s: float, end_s: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Steps of 10 ms within the window: their lengths, and which lie in the food court."""
    times = np.arange(max(start_s, way.times_s[0]), min(end_s, way.times_s[-1]), STEP_S)
    places = way.at(times)
    return np.linalg.norm(np.diff(places, axis=0), axis=1), inside(COURT, places)[:-1]


@pytest.mark.parametrize(("from_s", "to_s"), [(0, 3600), (120, 300), (200, 201)])
def test_a_walk_is_cut_like_a_finely_sampled_one(wanderers: list[Person], read: Store, from_s: int, to_s: int) -> None:
    start, end = TEN + timedelta(seconds=from_s), TEN + timedelta(seconds=to_s)
    ask = (
        "select coalesce(sum(length_m), 0), coalesce(sum(extract(epoch from ends_at - starts_at)), 0),"
        " coalesce(sum(st_length(path)), 0) from walks(%s, %s, %s) where person_id = %s"
    )
    with read.connection() as connection:
        for person in wanderers:
            way = stored_way(connection, person)
            steps_m, in_court = sampled(way, start.timestamp(), end.timestamp())
            for section, part in ((None, np.ones_like(in_court)), ("food-court", in_court)):
                row = connection.execute(ask, [start, end, section, person.person_id]).fetchone()
                assert row is not None
                assert row[0] == pytest.approx(steps_m[part].sum(), abs=0.5)
                assert row[2] == pytest.approx(row[0], abs=1e-6)
                assert float(row[1]) == pytest.approx(part.sum() * STEP_S, abs=0.1)


def test_a_stored_way_is_never_far_from_the_true_one(wanderers: list[Person], read: Store) -> None:
    rng = np.random.default_rng(7)
    with read.connection() as connection:
        for person in wanderers:
            true, stored = random_way(rng), stored_way(connection, person)
            at_s = np.linspace(true.times_s[0], true.times_s[-1], 500)
            assert np.abs(true.at(at_s) - stored.at(at_s)).max() <= 0.25
