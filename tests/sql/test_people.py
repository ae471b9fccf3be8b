"""Replacing an hour: as a whole, once however often, and only by the last claimant."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.world.errors import LeaseLost
from models.world.paths import Path
from models.world.periods import Window
from models.world.places import grid_ids
from sql import coverage, ledger, people, sites
from sql.coverage import Covered, Unusable
from sql.people import HourOfPeople
from sql.store import Store
from tests.sql import mall, rollups
from tests.sql.mall import DAY, NINE, SITE, TEN, VERSION, VISITORS

TABLES = {
    "person": "select * from person order by 1",
    **{name: f"select * from {name} order by 1, 2, 3, 4" for name in rollups.TABLES},
    **{name: f"select * from {name} order by 1, 2" for name in ("visitor_day", "described_day", "route_day")},
    "person_attributes": "select * from person_attributes order by 1, 3",
    "person_location": "select person_id, taken_at, floor, st_astext(location), grid_id from person_location order by 2, 1",
    "person_track": "select person_id, floor, starts_at, ends_at, length_m, st_astext(path) from person_track order by 3, 1",
    "person_tracklet": "select * from person_tracklet order by 1, 2",
    "coverage": "select * from coverage order by 1, 2",
    "load_ledger": "select site, hour, state, people from load_ledger order by hour",
}
EMPTY = HourOfPeople([], {}, VERSION)


def content(store: Store) -> dict[str, list[Any]]:
    """Everything that a load writes, but times of writing and epochs."""
    with store.connection() as connection:
        return {name: connection.execute(query.encode()).fetchall() for name, query in TABLES.items()}


def claimed(store: Store, hour: Any = TEN) -> ledger.LoadClaim:
    with store.connection() as connection:
        claim = ledger.claim_load(connection, SITE.name, hour, "test", 60)
    assert claim is not None
    return claim


def test_locations_stand_at_every_half_minute_and_at_first_and_last_sight(filled: Store) -> None:
    with filled.connection() as connection:
        rows = connection.execute(
            "select taken_at, floor, st_x(location), st_y(location), grid_id from person_location"
            " where person_id = %s order by taken_at",
            [VISITORS[2].id],
        ).fetchall()
    times = [row[0] - TEN for row in rows]
    halves = [timedelta(seconds=s) for s in (*range(300, 601, 30), *range(720, 1321, 30))]
    assert times == halves
    assert rows[1][1:4] == (1, 13.0, 10.0)
    assert [row[4] for row in rows] == [grid_ids(row[1], np.array([row[2:4]]))[0] for row in rows]


def test_a_full_hour_is_in_both_paths_but_only_once_in_the_locations(filled: Store) -> None:
    ann = [VISITORS[0].id]
    with filled.connection() as connection:
        pieces = connection.execute(
            "select starts_at, ends_at from person_track where person_id = %s order by 1", ann
        ).fetchall()
        at_ten = connection.execute(
            "select count(*) from person_location where person_id = %s and taken_at = '2026-11-20 10:00Z'", ann
        ).fetchone()
    assert pieces == [(NINE + timedelta(minutes=30), TEN), (TEN, TEN + timedelta(minutes=30))]
    assert at_ten == (1,)


def test_the_grid_view_shows_the_locations(filled: Store) -> None:
    with filled.connection() as connection:
        query = "select person_id, grid_id, taken_at from {} order by 3, 1"
        assert (
            connection.execute(query.format("person_grid").encode()).fetchall()
            == connection.execute(query.format("person_location").encode()).fetchall()
        )


def test_rows_lie_in_time_order(filled: Store) -> None:
    with filled.connection() as connection:
        rows = connection.execute(
            "select taken_at from person_location where taken_at >= '2026-11-20 10:00Z' order by tableoid, ctid"
        ).fetchall()
    assert rows == sorted(rows)


def test_a_person_of_two_hours_is_one_person(filled: Store) -> None:
    with filled.connection() as connection:
        row = connection.execute("select first_seen, last_seen from person where person_id = %s", [VISITORS[0].id])
        assert row.fetchone() == (NINE + timedelta(minutes=30), TEN + timedelta(minutes=30))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(order=st.lists(st.sampled_from([NINE, TEN]), min_size=1, max_size=4))
def test_loading_again_in_any_order_changes_nothing(filled: Store, order: list[Any]) -> None:
    before = content(filled)
    for hour in order:
        mall.load(filled, hour)
    assert content(filled) == before


def test_replacing_twice_with_one_claim_is_replacing_once(filled: Store) -> None:
    before, claim = content(filled), claimed(filled)
    parts = [Covered(camera.id, claim.window, "mall-people-1") for camera in SITE.cameras]
    for _ in range(2):
        with filled.connection() as connection:
            people.replace_hour(connection, claim, mall.hour_of_people(VISITORS, TEN), parts)
    assert content(filled) == before


def test_whoever_has_no_path_left_vanishes_and_others_keep_their_other_hours(filled: Store) -> None:
    claim = claimed(filled)
    with filled.connection() as connection:
        people.replace_hour(connection, claim, EMPTY, [])
        left = connection.execute("select person_id, first_seen, last_seen from person order by 1").fetchall()
        described = connection.execute("select person_id from person_attributes order by 1").fetchall()
        hours = connection.execute("select distinct hour from person_tracklet").fetchall()
    eve, ann = VISITORS[4].id, VISITORS[0].id
    assert [row[0] for row in left] == [eve, ann] == [row[0] for row in described]
    assert left[1][1:] == (NINE + timedelta(minutes=30), TEN)
    assert hours == [(NINE,)]


def test_a_load_that_was_claimed_anew_changes_nothing(filled: Store) -> None:
    zombie, before = claimed(filled), content(filled)
    with filled.connection() as connection:
        connection.execute("update load_ledger set lease_until = now() - interval '1 second'")
    successor = claimed(filled)
    assert successor.epoch == zombie.epoch + 1
    with pytest.raises(LeaseLost, match="claimed anew"), filled.connection() as connection:
        people.replace_hour(connection, zombie, EMPTY, [])
    assert content(filled) == before


def test_a_load_that_fails_half_way_leaves_the_old_hour(filled: Store) -> None:
    claim, before = claimed(filled), content(filled)
    stranger = [Covered("cam9", claim.window, "mall-people-1")]
    with pytest.raises(Exception, match="cam9"), filled.connection() as connection:
        people.replace_hour(connection, claim, mall.hour_of_people(VISITORS[:2], TEN), stranger)
    assert content(filled) == before


def test_readers_see_the_old_hour_until_the_new_one_is_whole(filled: Store, read: Store) -> None:
    claim, before = claimed(filled), content(filled)
    with filled.connection() as connection:
        people.replace_hour(connection, claim, EMPTY, [])
        assert content(read) == before
    assert content(read) != before


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda hour: replace(hour, persons=hour.persons[:1]), "every path a person"),
        (lambda hour: replace(hour, persons=[*hour.persons, hour.persons[0]]), "listed twice"),
        (lambda hour: replace(hour, paths={**hour.paths, uuid.uuid4(): []}), None),
        (lambda hour: replace(hour, paths=moved(hour, 3600)), "leaves the hour"),
        (lambda hour: replace(hour, paths=moved(hour, -1)), "leaves the hour"),
        (lambda hour: replace(hour, paths=moved(hour, 0, np.nan)), "not finite"),
    ],
)
def test_an_hour_that_contradicts_itself_is_refused(filled: Store, change: Any, reason: str | None) -> None:
    wrong = change(mall.hour_of_people([VISITORS[1], VISITORS[2]], TEN))
    claim, before = claimed(filled), content(filled)
    if reason is None:
        with filled.connection() as connection:
            people.replace_hour(connection, claim, wrong, [])
        return
    with pytest.raises(ValueError, match=reason), filled.connection() as connection:
        people.replace_hour(connection, claim, wrong, [])
    assert content(filled) == before


def moved(hour: HourOfPeople, seconds: float, shift_m: float = 0.0) -> dict[uuid.UUID, list[Path]]:
    return {
        key: [Path(path.floor, path.times_s + seconds, path.xy_m + shift_m) for path in paths]
        for key, paths in hour.paths.items()
    }


def test_coverage_outside_the_hour_is_refused(filled: Store) -> None:
    claim = claimed(filled)
    late = Covered("cam1", Window(TEN, TEN + timedelta(minutes=61)), "mall-people-1")
    with pytest.raises(ValueError, match="leaves the hour"), filled.connection() as connection:
        people.replace_hour(connection, claim, EMPTY, [late])


def test_coverage_says_who_processed_what(filled: Store, read: Store) -> None:
    with read.connection() as connection:
        seen = coverage.read(connection, Window(NINE, TEN + timedelta(hours=2)), ["cam1"])
    assert [(c.camera_id, c.covered, c.extractors) for c in seen] == [
        ("cam1", [Window(NINE, TEN + timedelta(hours=1))], {"mall-people-1"})
    ]


def test_what_could_not_be_processed_is_a_gap_and_not_missing(
    segments: list[uuid.UUID], ingest: Store, read: Store
) -> None:
    claim = claimed(ingest)
    ten, half, eleven = TEN, TEN + timedelta(minutes=30), TEN + timedelta(hours=1)
    parts = [
        Covered("cam1", Window(ten, half), "v1", "corrupt"),
        Covered("cam1", Window(half, eleven), "v1", "corrupt"),
        Covered("cam2", Window(ten, half), "v1"),
    ]
    with ingest.connection() as connection:
        people.replace_hour(connection, claim, EMPTY, parts)
    with read.connection() as connection:
        broken, sound = coverage.read(connection, Window(ten + timedelta(minutes=10), eleven))
    assert broken.gaps == [Unusable(Window(ten + timedelta(minutes=10), eleven), "corrupt")]
    assert (broken.covered, broken.missing, broken.extractors) == ([], [], set())
    assert (sound.gaps, sound.missing, sound.extractors) == ([], [], {"v1"})


def test_memory_keeps_the_ids_of_the_day(filled: Store) -> None:
    with filled.connection() as connection:
        known = people.memory(connection, SITE.name, DAY)
        assert people.memory(connection, SITE.name, DAY + timedelta(days=1)) == []
    assert [mall.NAMES[person.person_id] for person in known] == ["eve", "ann", "bob", "cyd", "dee", "fay"]
    ann = known[1]
    assert set(ann.tracklet_ids) == {VISITORS[0].tracklet}
    assert ann.first_seen_s == mall.clock_s("09:30:00")
    assert ann.last_seen_s == mall.clock_s("10:30:00")


def test_a_newer_describer_takes_over_and_the_older_words_stay(filled: Store) -> None:
    claim = claimed(filled)
    hour = replace(mall.hour_of_people([VISITORS[1]], TEN), attributes_version="colours-2")
    with filled.connection() as connection:
        people.replace_hour(connection, claim, hour, [])
        rows = connection.execute(
            "select version, active, attributes ->> 'shirt' from person_attributes where person_id = %s order by 1",
            [VISITORS[1].id],
        ).fetchall()
    assert rows == [("colours-1", False, "blue"), ("colours-2", True, "blue")]


def test_a_mall_day_over_midnight_in_utc_is_one_day(admin: Store, ingest: Store) -> None:
    """23:30 UTC is half past midnight in Berlin: the person belongs to the next calendar day."""
    start = DAY - timedelta(days=20)
    with admin.connection() as connection:
        sites.save(connection, SITE)
    midnight_s = mall.clock_s("00:00:00") - 20 * 86400
    way = Path(0, midnight_s + np.arange(-600.0, 601.0), np.column_stack([np.linspace(0, 60, 1201), np.ones(1201)]))
    night_owl = people.Person(uuid.uuid4(), start, {}, [])
    for hour in (TEN - timedelta(days=20, hours=11), TEN - timedelta(days=20, hours=10)):
        claim = claimed(ingest, hour)
        pieces = [piece for piece in mall.cut_at_hours(way) if piece.times_s[0] // 3600 == hour.timestamp() // 3600]
        with ingest.connection() as connection:
            people.replace_hour(
                connection, claim, HourOfPeople([night_owl], {night_owl.person_id: pieces}, VERSION), []
            )
    with ingest.connection() as connection:
        row = connection.execute("select day, last_seen - first_seen from person").fetchall()
    assert row == [(start, timedelta(minutes=20))]
