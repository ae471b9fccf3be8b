"""Visits and rollups: what the load keeps equals what the paths say, whatever the order of loads."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.world.paths import Path
from models.world.places import Section
from models.world.ways import Ways, sampled, visits
from sql import sites
from sql.store import Store
from tests.sql import mall, rollups
from tests.sql.mall import DAY, NAMES, NINE, SITE, TEN

STAR = ((10.0, 5.0), (30.0, 5.0), (30.0, 25.0), (20.0, 10.0), (10.0, 25.0))
SIXANGLE = ((20.0, 2.0), (40.0, 2.0), (55.0, 15.0), (40.0, 28.0), (20.0, 28.0), (5.0, 15.0))
corner = st.tuples(st.integers(0, 600), st.integers(0, 300))


def test_who_was_in_the_food_court_in_each_hour(filled: Store) -> None:
    with filled.connection() as connection:
        rows = connection.execute(
            "select hour, attribute, people, present_ms / 60000 from section_hour"
            " where section_id = 'food-court' and attribute in ('', 'shirt:blue', 'shoes:unknown') order by 1, 2"
        ).fetchall()
    # ann 20 min, bob 15, cyd 5, dee seen once, fay from 10:41 to 10:43 and from 10:45 to 10:47
    assert rows == [(TEN, "", 5, 44), (TEN, "shirt:blue", 2, 35)]


def test_a_day_counts_people_once_and_visits_as_often_as_they_were(filled: Store) -> None:
    with filled.connection() as connection:
        rows = connection.execute(
            "select day, people, visits from section_day where section_id = 'food-court' and attribute = ''"
        ).fetchall()
        visitors = connection.execute("select people from visitor_day where attribute = ''").fetchall()
        walked = connection.execute("select person_id, distance_m from person").fetchall()
    assert rows == [(DAY, 5, 6)]
    assert visitors == [(6,)]
    assert {NAMES[key]: round(distance, 6) for key, distance in walked} == {
        "ann": 60, "bob": 10, "cyd": 40, "dee": 0, "eve": 20, "fay": 70,
    }  # fmt: skip


def test_a_move_is_from_the_section_visited_before(filled: Store, admin: Store) -> None:
    west = Section("west", "West wing", 0, ((0.0, 0.0), (38.0, 0.0), (38.0, 12.0), (0.0, 12.0)))
    with admin.connection() as connection:
        sites.save(connection, replace(SITE, sections=(*SITE.sections, west)))
        rows = connection.execute(
            "select from_section, to_section, hour, people, moves from flow_hour where attribute = '' order by 1, 2"
        ).fetchall()
    # cyd comes from the atrium; ann from the west into the food court; fay twice, and once back
    assert rows == [
        ("atrium", "food-court", TEN, 1, 1),
        ("food-court", "west", TEN, 1, 1),
        ("west", "food-court", TEN, 2, 3),
    ]


def test_a_stay_over_a_full_hour_is_one_visit(filled: Store, admin: Store) -> None:
    west = Section("west", "West wing", 0, ((0.0, 0.0), (38.0, 0.0), (38.0, 12.0), (0.0, 12.0)))
    with admin.connection() as connection:
        sites.save(connection, replace(SITE, sections=(west,)))
        ann = connection.execute(
            "select starts_at, ends_at from section_visit where section_id = 'west' and person_id = %s order by 1",
            [mall.VISITORS[0].id],
        ).fetchall()
        day = connection.execute("select people, visits from section_day where section_id = 'west' and attribute = ''")
        assert ann == [(NINE + timedelta(minutes=30), TEN), (TEN, TEN + timedelta(minutes=8))]
        assert day.fetchall() == [(3, 4)]  # ann, eve, and fay twice


def test_loading_writes_the_visits_that_the_paths_say(filled: Store, admin: Store) -> None:
    with admin.connection() as connection:
        before = rollups.kept(connection)
        connection.execute("select rebuild_rollups()")
        assert rollups.kept(connection) == before


def test_an_hour_that_is_emptied_leaves_no_trace_in_the_rollups(admin: Store, ingest: Store) -> None:
    with admin.connection() as connection:
        sites.save(connection, SITE)
    mall.load(ingest, NINE)
    with ingest.connection() as connection:
        before = rollups.kept(connection)
    mall.load(ingest, TEN)
    mall.load(ingest, TEN, [])
    with ingest.connection() as connection:
        assert rollups.kept(connection) == before


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(corners=st.lists(corner, min_size=1, max_size=12), polygon=st.sampled_from([STAR, SIXANGLE, SIXANGLE[::-1]]))
def test_visits_in_numpy_are_those_of_the_store(
    read: Store, corners: list[tuple[int, int]], polygon: tuple[tuple[float, float], ...]
) -> None:
    path = Path(0, np.arange(len(corners)) * 7.0, np.array(corners) / 10)
    found = visits(Ways.of([path]), 0, polygon)
    points = [*corners, *corners] if len(corners) == 1 else corners
    times = [0, 0] if len(corners) == 1 else range(0, 7 * len(corners), 7)
    line = ", ".join(f"{x / 10} {y / 10} {t}" for (x, y), t in zip(points, times, strict=True))
    ring = ", ".join(f"{x} {y}" for x, y in (*polygon, polygon[0]))
    with read.connection() as connection:
        rows = connection.execute(
            "select from_s, to_s from times_inside(%s::geometry, %s::geometry) order by 1",
            [f"LINESTRING M ({line})", f"POLYGON(({ring}))"],
        ).fetchall()
    ours = np.column_stack([found.from_s, found.to_s])
    lasting = [(a, b) for a, b in rows if b - a > 1e-6 or a == b]
    assert ours.shape == (len(lasting), 2)
    assert ours == pytest.approx(np.array(lasting).reshape(-1, 2), abs=1e-6)


@given(starts=st.lists(st.floats(0, 3500), min_size=1, max_size=5), seconds=st.integers(0, 99))
def test_many_paths_are_sampled_as_each_alone(starts: list[float], seconds: int) -> None:
    paths = [Path(0, s + np.arange(seconds + 1.0), np.random.default_rng(0).random((seconds + 1, 2))) for s in starts]
    path, times_s, xy_m = sampled(Ways.of(paths))
    for number, one in enumerate(paths):
        mine = times_s[path == number]
        ticks = np.arange(0, 3601, 30.0)
        expected = np.unique(
            [one.times_s[0], *ticks[(ticks > one.times_s[0]) & (ticks < one.times_s[-1])], one.times_s[-1]]
        )
        assert mine.tolist() == expected.tolist()
        assert xy_m[path == number] == pytest.approx(one.at(mine), abs=1e-4)
