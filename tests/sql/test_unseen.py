"""While nobody saw a person, no place is told; how far they went and which sections they passed is what it was."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from models.world.paths import Path
from sql import people
from sql.store import Store
from tests.sql import mall
from tests.sql.mall import TEN, VERSION
from tests.sql.test_catalogue import ask
from tests.sql.test_people import claimed, content

FAY = mall.VISITORS[5]
"""10:40 (30, 10) - 10:42 (50, 10) - 10:44 (30, 10) - 10:46 (50, 10) - 10:48 (50, 20)."""
HOUR = {"from": "2026-11-20T10:00Z", "to": "2026-11-20T11:00Z"}


def spans(*clocks: tuple[str, str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([[mall.clock_s(start), mall.clock_s(end)] for start, end in clocks])


@pytest.fixture
def lost(filled: Store) -> Store:
    """Nobody saw fay from 10:41 to 10:43 and from 10:45 on for half a minute."""
    hour = mall.hour_of_people(mall.VISITORS, TEN)
    unseen_s = spans(("10:41:00", "10:43:00"), ("10:45:00", "10:45:30"))
    paths = {**hour.paths, FAY.id: [replace(path, unseen_s=unseen_s) for path in FAY.paths]}
    claim = claimed(filled)
    with filled.connection() as connection:
        people.replace_hour(connection, claim, replace(hour, paths=paths), [])
    return filled


def told(store: Store, **inputs: str) -> list[tuple[Any, ...]]:
    """Clock, place and stay of fay in the answer to `paths`."""
    rows = ask(store, "paths", {**HOUR, "floor": "0", **inputs}).rows
    return [(f"{row[2]:%H:%M:%S}", row[3], row[4], row[5]) for row in rows if row[0] == FAY.id]


PARTS = [
    ("10:40:00", 30, 10, 0),
    ("10:41:00", 40, 10, 0),
    ("10:43:00", 40, 10, 1),
    ("10:44:00", 30, 10, 1),
    ("10:45:00", 40, 10, 1),
    ("10:45:30", 45, 10, 2),
    ("10:46:00", 50, 10, 2),
    ("10:48:00", 50, 20, 2),
]


def test_a_stay_ends_where_the_person_is_lost_from_sight_and_another_begins_where_seen_again(lost: Store) -> None:
    assert told(lost) == PARTS


def test_one_persons_path_is_told_as_everybodys_is(lost: Store) -> None:
    rows = ask(lost, "path-of-person", {**HOUR, "person": str(FAY.id), "purpose": "a lost bag"}).rows
    assert [(f"{row[2]:%H:%M:%S}", *row[3:]) for row in rows] == PARTS


def test_a_window_without_sight_tells_no_place_but_the_distance(lost: Store) -> None:
    blind = {"from": "2026-11-20T10:41:30Z", "to": "2026-11-20T10:42:30Z"}
    assert told(lost, **blind) == []
    (row,) = ask(lost, "average-distance", {**blind, "attribute": ["shirt:red"]}).rows
    assert row[:2] == (1, pytest.approx(10.0))


def test_in_a_section_the_parts_seen_there_are_told(lost: Store) -> None:
    clocks = [(row[0], row[3]) for row in told(lost, section="food-court")]
    assert clocks == [("10:45:30", 0), ("10:46:00", 0), ("10:47:00", 0)]


def test_all_else_that_is_stored_is_the_same(filled: Store, lost: Store) -> None:
    after = content(lost)
    mall.load(filled, TEN)
    before = content(filled)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"coverage"}


def test_a_path_of_which_that_is_not_known_is_told_whole(lost: Store, admin: Store) -> None:
    with admin.connection() as connection:
        connection.execute("update person_track set unseen = null")
    assert {row[3] for row in told(lost)} == {0}
    assert len(told(lost)) == 5


def test_a_gap_over_the_full_hour_has_no_place_in_either_hour(filled: Store) -> None:
    times_s = np.array([TEN.timestamp() - 60, TEN.timestamp() + 60])
    way = Path(0, times_s, np.array([[0.0, 5.0], [12.0, 5.0]]), spans(("09:59:30", "10:00:30")))
    pieces = list(way.seen())
    assert len(pieces) == 2
    for hour in (TEN - timedelta(hours=1), TEN):
        claim = claimed(filled, hour)
        part = [piece for piece in mall.cut_at_hours(way) if hour.timestamp() <= piece.times_s[0] < claim.window.end_s]
        person = mall.hour_of_people([FAY], TEN).persons[0]
        with filled.connection() as connection:
            people.replace_hour(connection, claim, people.HourOfPeople([person], {FAY.id: part}, VERSION), [])
    rows = ask(filled, "paths", {"from": "2026-11-20T09:00Z", "to": "2026-11-20T11:00Z"}).rows
    assert [(f"{row[2]:%H:%M:%S}", row[3], row[5]) for row in rows] == [
        ("09:59:00", 0, 0),
        ("09:59:30", 3, 0),
        ("10:00:30", 9, 1),
        ("10:01:00", 12, 1),
    ]
