"""A day in bulk: the same as hour by hour, as a whole or not at all."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from models.world.attributes import ATTRIBUTES, UNKNOWN
from models.world.errors import LeaseLost, StoreUnavailable
from models.world.paths import cut_at_hours, simplified
from models.world.periods import Window
from models.world.ways import Ways
from sql import aside, days, ledger, sites
from sql.coverage import Covered
from sql.day_people import DayOfPeople, Tracklets
from sql.ledger import LoadClaim
from sql.store import Connection, Store
from tests.sql import mall
from tests.sql.mall import DAY, NINE, SITE, TEN, VERSION, VISITORS, Visitor
from tests.sql.test_people import content

MIDNIGHT = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)


def ids_of(keys: list[uuid.UUID]) -> np.ndarray[Any, np.dtype[np.void]]:
    return np.frombuffer(b"".join(key.bytes for key in keys), dtype="V16")


def in_bulk(visitors: tuple[Visitor, ...] = VISITORS) -> DayOfPeople:
    """The visitors as columns; their tracklets count in the hour in which they begin."""
    pieces = [
        (n, simplified(piece)) for n, who in enumerate(visitors) for path in who.paths for piece in cut_at_hours(path)
    ]
    values = {key: np.array([one.attributes.get(key, UNKNOWN) for one in visitors]) for key in ATTRIBUTES}
    numbers = np.arange(len(visitors))
    tracklets = Tracklets(
        owners=numbers,
        tracklet_ids=ids_of([one.tracklet for one in visitors]),
        camera_ids=["cam1"],
        cameras=np.zeros(len(visitors), dtype=np.int64),
        first_s=np.array([one.paths[0].times_s[0] for one in visitors]),
        last_s=np.array([one.paths[-1].times_s[-1] for one in visitors]),
        reason="founder",
    )
    return DayOfPeople(
        ids_of([one.id for one in visitors]),
        np.full(len(visitors), DAY, dtype="datetime64[D]"),
        Ways.of([path for _, path in pieces]),
        np.array([n for n, _ in pieces]),
        {key: (column, np.full(len(visitors), 0.9)) for key, column in values.items()},
        tracklets,
        VERSION,
    )


def coverage() -> list[Covered]:
    hours = [Window(hour, hour + timedelta(hours=1)) for hour in (NINE, TEN)]
    return [Covered(camera.id, hour, "mall-people-1") for camera in SITE.cameras for hour in hours]


def claimed(store: Store) -> list[LoadClaim]:
    claims = days.claim_day(store, SITE.name, DAY, "test", 60)
    assert claims is not None
    return claims


def people_and_sums(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """In bulk every person has a word for every attribute, if only "unknown", and all hours of the day are loaded."""
    return {
        name: rows
        for name, rows in found.items()
        if name not in ("person_attributes", "load_ledger", "person_tracklet")
    }


@pytest.fixture
def empty(admin: Store, ingest: Store) -> Store:
    with admin.connection() as connection:
        sites.save(connection, SITE)
    return ingest


def test_a_day_in_bulk_is_the_same_as_hour_by_hour(empty: Store) -> None:
    for hour in (NINE, TEN):
        mall.load(empty, hour)
    hourly = content(empty)
    days.replace_day(empty, claimed(empty), in_bulk(), coverage())
    bulk = content(empty)
    assert people_and_sums(bulk) == people_and_sums(hourly)
    assert [(row[1], row[2], row[3]) for row in bulk["load_ledger"] if row[3]] == [(NINE, "done", 2), (TEN, "done", 5)]
    assert len(bulk["load_ledger"]) == 24
    assert len(bulk["person_tracklet"]) == len(VISITORS)


def test_loading_a_day_twice_is_loading_it_once_and_an_hour_may_follow(empty: Store) -> None:
    days.replace_day(empty, claimed(empty), in_bulk(), coverage())
    before = content(empty)
    days.replace_day(empty, claimed(empty), in_bulk(), coverage())
    assert content(empty) == before
    mall.load(empty, TEN)
    assert people_and_sums(content(empty)) == people_and_sums(before)


def test_who_is_not_in_the_new_day_vanishes(empty: Store) -> None:
    days.replace_day(empty, claimed(empty), in_bulk(VISITORS[:2]), coverage())
    alone = content(empty)
    days.replace_day(empty, claimed(empty), in_bulk(), coverage())
    days.replace_day(empty, claimed(empty), in_bulk(VISITORS[:2]), coverage())
    assert content(empty) == alone


def test_people_of_the_days_around_stay(empty: Store) -> None:
    """An hour of the day before is not touched by the day."""
    early = MIDNIGHT - timedelta(hours=1)
    with empty.connection() as connection:
        claim = ledger.claim_load(connection, SITE.name, early, "test", 60)
    assert claim is not None
    shifted = mall.hour_of_people([VISITORS[1]], TEN)
    late = replace(shifted, paths={key: [moved(path, early) for path in paths] for key, paths in shifted.paths.items()})
    with empty.connection() as connection:
        mall.people.replace_hour(connection, claim, late, [])
    before = content(empty)
    days.replace_day(empty, claimed(empty), in_bulk(VISITORS[2:]), coverage())
    days.replace_day(empty, claimed(empty), in_bulk(VISITORS[2:3]), [])
    after = content(empty)
    for name in ("person_location", "person_track", "section_visit"):
        assert set(before[name]) < set(after[name])


def moved(path: Any, hour: datetime) -> Any:
    return mall.Path(path.floor, path.times_s + (hour - TEN).total_seconds(), path.xy_m)


def test_a_day_that_was_claimed_anew_is_dropped_and_leaves_no_table(empty: Store, admin: Store) -> None:
    days.replace_day(empty, claimed(empty), in_bulk(), coverage())
    zombie, before = claimed(empty), content(empty)
    with empty.connection() as connection:
        connection.execute("update load_ledger set lease_until = now() - interval '1 second'")
    successor = claimed(empty)
    with pytest.raises(LeaseLost, match="claimed anew"):
        days.replace_day(empty, zombie, in_bulk(VISITORS[:1]), [])
    assert content(empty)["person_track"] == before["person_track"]
    days.replace_day(empty, successor, in_bulk(), coverage())
    assert content(empty) == {**before, "load_ledger": content(empty)["load_ledger"]}
    with admin.connection() as connection:
        left = connection.execute("select relname from pg_class where relname like '%_aside_%' and relkind = 'r'")
        assert left.fetchall() == []


def test_a_day_of_which_an_hour_is_being_loaded_is_not_claimed(empty: Store) -> None:
    with empty.connection() as connection:
        assert ledger.claim_load(connection, SITE.name, TEN, "another", 60) is not None
    assert days.claim_day(empty, SITE.name, DAY, "test", 60) is None
    with empty.connection() as connection:
        assert connection.execute("select count(*) from load_ledger").fetchone() == (1,)


class Watched:
    """The store, with a look by another reader before each of the first commits of a load."""

    def __init__(self, store: Store, look: Callable[[], object], looks: int) -> None:
        self._store, self._look, self._looks = store, look, looks

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with self._store.connection() as connection:
            yield connection
            self._looks -= 1
            if self._looks >= 0:
                self._look()


def test_readers_see_the_old_day_until_the_new_one_is_whole(empty: Store, read: Store) -> None:
    days.replace_day(empty, claimed(empty), in_bulk(VISITORS[:3]), coverage())
    claims = claimed(empty)
    before, seen = content(read), []
    watched: Any = Watched(empty, lambda: seen.append(content(read)), 1 + len(aside.FAMILIES))
    days.replace_day(watched, claims, in_bulk(), coverage())
    assert seen == [before] * 4
    assert len(content(read)["person"]) == len(VISITORS)


def test_a_swap_does_not_make_readers_wait_behind_it(empty: Store, read: Store) -> None:
    """While somebody reads the day for long, others read on, and the swap is given up."""
    days.replace_day(empty, claimed(empty), in_bulk(VISITORS[:3]), coverage())
    claims = claimed(empty)
    with read.connection() as long_reader:
        long_reader.execute("select count(*) from person_track").fetchone()
        with pytest.raises(StoreUnavailable, match="load it again later"):
            days.replace_day(empty, claims, in_bulk(), coverage(), patience_s=0)
        assert len(content(read)["person"]) == 3
    days.replace_day(empty, claims, in_bulk(), coverage())
    assert len(content(read)["person"]) == len(VISITORS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda day: replace(day, person_ids=day.person_ids[[0, 0, *range(2, 6)]]), "listed twice"),
        (lambda day: replace(day, owners=np.zeros_like(day.owners)), "every path a person"),
        (lambda day: replace(day, ways=replace(day.ways, times_s=day.ways.times_s + 86400)), "leave the day"),
        (lambda day: replace(day, ways=replace(day.ways, times_s=day.ways.times_s + 1)), "full hour"),
        (lambda day: replace(day, ways=replace(day.ways, xy_m=day.ways.xy_m * np.nan)), "not finite"),
    ],
)
def test_a_day_that_contradicts_itself_is_refused(empty: Store, change: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        days.replace_day(empty, claimed(empty), change(in_bulk()), [])
