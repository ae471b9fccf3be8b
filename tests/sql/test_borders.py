"""Slices over midnight, full hours and the change of clocks: the same rows whatever is loaded how, in which order, how often."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from models.world.paths import Path
from sql import sites
from sql.store import Store
from tests.faults import night
from tests.faults.night import DAY, DAYS, GUESTS, MIDNIGHT, Guest
from tests.sql.mall import SITE
from tests.sql.test_people import content

Slice = Callable[[Store], object]
HOURLY: list[Slice] = [lambda store, hour=hour: night.load_hour(store, hour, GUESTS) for hour in night.HOURS]  # type: ignore[misc]
BULK: list[Slice] = [lambda store, day=day: night.load_day(store, day, GUESTS) for day in DAYS]  # type: ignore[misc]
TEN = MIDNIGHT + timedelta(hours=10)


@pytest.fixture
def empty(admin: Store, ingest: Store) -> Store:
    with admin.connection() as connection:
        sites.save(connection, SITE, valid_from=MIDNIGHT - timedelta(days=9))
    return ingest


def loaded(store: Store, slices: list[Slice]) -> dict[str, list[Any]]:
    for one in slices:
        one(store)
    return content(store)


def test_each_crosses_its_border_once(empty: Store) -> None:
    loaded(empty, HOURLY)
    with empty.connection() as connection:
        people = connection.execute("select day, count(*)::int from person group by 1 order by 1").fetchall()
        pieces = connection.execute("select count(*) from person_track").fetchone()
        twice = connection.execute(
            "select hour at time zone 'Europe/Berlin', people from visitor_hour"
            " where attribute = '' and day = %s and hour < %s order by hour",
            [DAY, MIDNIGHT + timedelta(hours=2)],
        ).fetchall()
        at_midnight = connection.execute(
            "select count(*) from person_location where taken_at in (%s, %s)", [MIDNIGHT, MIDNIGHT + timedelta(days=1)]
        ).fetchone()
    assert people == [(DAYS[0], 1), (DAY, 5), (DAYS[2], 1)]
    assert pieces == (2 + 2 + 2 + 3 + 1 + 1 + 1,)
    assert [(moment.hour, many) for moment, many in twice] == [(1, 1), (2, 2), (2, 1)]
    assert at_midnight == (1,)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_and_number_of_loads_make_no_difference(empty: Store, seed: int) -> None:
    """Hour by hour in order; then all of it in bulk and by the hour, shuffled, most of it twice."""
    before = loaded(empty, HOURLY)
    shuffled = [*BULK, *BULK, *random.Random(seed).sample(HOURLY, 20)]
    random.Random(seed).shuffle(shuffled)
    assert loaded(empty, shuffled) == before


def test_in_bulk_alone_is_hour_by_hour(empty: Store, admin: Store) -> None:
    bulk = loaded(empty, BULK[::-1])
    assert loaded(empty, HOURLY) == bulk


@dataclass(frozen=True)
class Misplaced(Guest):
    """A guest as somebody sees her who has another plan: on other floors, or in other units."""

    floor: int = 0
    off_m: float = 0.0

    @property
    def path(self) -> Path:
        right = super().path
        return Path(self.floor, right.times_s, right.xy_m + np.array([self.off_m, 0.0]))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [({"floor": 7}, "floor 7, which the mall has not"), ({"floor": 300}, "floor 300"), ({"off_m": 5000.0}, "4096 m"),
     ({"off_m": -4200.0}, "4096 m")],
)  # fmt: skip
def test_a_slice_with_a_wrong_grid_is_refused_and_changes_nothing(empty: Store, wrong: Any, reason: str) -> None:
    before = loaded(empty, BULK)
    tom = Misplaced(**vars(GUESTS[4]), **wrong)
    for load, slice_ in ((night.load_hour, TEN), (night.load_day, DAY)):
        with pytest.raises(ValueError, match=reason):
            load(empty, slice_, [*GUESTS[:4], tom])  # type: ignore[operator]
        with empty.connection() as connection:
            connection.execute("update load_ledger set lease_until = now() - interval '1 second'")
    assert {**content(empty), "load_ledger": []} == {**before, "load_ledger": []}
    assert loaded(empty, BULK) == before
