"""The catalogue's answers about a crowd are the truth that numpy works out from its walks alone."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pipelines.simulator.crowd import filling
from pipelines.simulator.crowd.building import site
from pipelines.simulator.crowd.truth import Truth, day_window_s
from pipelines.simulator.crowd.walking import walk_day
from sql import asking
from sql.catalogue import Catalogue
from sql.store import Store

DAY, PEOPLE, SEED = date(2026, 10, 25), 120, 5
WHOLE, PART = day_window_s(DAY), (day_window_s(DAY)[0] + 12.3 * 3600, day_window_s(DAY)[0] + 15.7 * 3600)
CATALOGUE = Catalogue.load()
Ask = Callable[..., list[tuple[Any, ...]]]
WANTED: list[dict[str, str]] = [{}, {"shirt": "black"}, {"shirt": "black", "shoes": "yes"}]


@pytest.fixture
def asked(admin: Store, ingest: Store, read: Store) -> Ask:
    filling.generate(admin, ingest, DAY, 1, PEOPLE, SEED)

    def ask(question_id: str, window: tuple[float, float] | None, wanted: dict[str, str], **inputs: object) -> Any:
        times = {} if window is None else {"from": told(window[0]), "to": told(window[1])}
        attributes = {"attribute": [f"{key}:{value}" for key, value in wanted.items()]} if wanted else {}
        question = CATALOGUE.question(question_id)
        bound = question.bind({**times, **attributes, **inputs}, site().time_zone)
        with read.connection() as connection:
            return asking.ask(connection, question, bound).rows

    return ask


def test_what_is_asked_day_by_day_is_the_whole_answer(admin: Store, ingest: Store, read: Store) -> None:
    filling.generate(admin, ingest, DAY, 2, PEOPLE, SEED)
    second = day_window_s(DAY + timedelta(days=1))
    window = {"from": told(PART[0]), "to": told(second[0] + 14.4 * 3600)}
    place = {"floor": 0, "x_m": 101.0, "y_m": 30.0, "radius_m": 2.5}
    for name, more in (("paths", {}), ("paths", {"section": "street-0"}), ("passers-by", place)):
        question = CATALOGUE.question(name)
        bound = question.bind({**window, **more}, site().time_zone)
        with read.connection() as connection:
            by_days = asking.ask(connection, question, bound).rows
            at_once = asking.ask(connection, replace(question, by_day=False), bound).rows
            placed = list(asking.rows(connection, question, bound))
            later = {number: list(asking.rows(connection, question, bound, placed[number][0])) for number in (1, -40)}
        assert sorted(by_days, key=str) == sorted(at_once, key=str), name
        assert [row for _, row in placed] == by_days
        assert {place.day for place, _ in placed} == {DAY, DAY + timedelta(days=1)}
        assert [place for place, _ in placed] == sorted(place for place, _ in placed)
        assert all(rows == placed[number:] for number, rows in later.items()), name


@pytest.mark.parametrize("where", [{}, {"section": "street-0"}])
def test_the_first_rows_of_paths_cost_no_more_than_the_people_they_are_of(
    admin: Store, ingest: Store, read: Store, where: dict[str, str]
) -> None:
    filling.generate(admin, ingest, DAY, 1, PEOPLE, SEED)
    question, (start, end) = CATALOGUE.question("paths"), day_window_s(DAY)
    bound = question.bind({"from": told(start), "to": told(end), **where}, site().time_zone)
    fetched = (
        b"select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables"
        b" where relname like 'person\\_track\\_%'"
    )

    def paths_read_for(rows: int) -> int:
        with read.connection() as connection, connection.cursor("some") as cursor:
            cursor.execute(question.sql, {**bound.values, "zone": bound.zone})
            cursor.fetchmany(rows)
            (count,) = connection.execute(fetched).fetchone() or (0,)
            return int(count)

    assert paths_read_for(1) < paths_read_for(1_000_000) / 10


def told(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def same(rows: list[tuple[Any, ...]], truth: list[tuple[Any, ...]]) -> bool:
    """The same rows in any order; numbers to a ten-thousandth, for times are stored in microseconds."""

    def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(one.timestamp() if isinstance(one, datetime) else one for one in row)

    def close(one: Any, other: Any) -> bool:
        return one == pytest.approx(other, rel=1e-9, abs=1e-4) if isinstance(one, float) else one == other

    ours, theirs = sorted(map(plain, rows), key=str), sorted(map(plain, truth), key=str)
    return len(ours) == len(theirs) and all(all(map(close, a, b)) for a, b in zip(ours, theirs, strict=True))


def test_every_answer_is_the_truth(asked: Ask) -> None:
    truth = Truth(walk_day(DAY, PEOPLE, SEED))
    ids = {uuid.UUID(bytes=key.tobytes()): number for number, key in enumerate(truth.day.person_ids)}
    for window in (WHOLE, PART):
        for wanted in WANTED:
            told_of = f"{window} {wanted}"
            for section in (None, "food-court"):
                more = {"section": section} if section else {}
                assert same(asked("footfall", window, wanted, **more), truth.footfall(*window, section, wanted)), (
                    told_of
                )
                assert same(asked("dwell-time", window, wanted, **more), truth.dwell_time(*window, section, wanted)), (
                    told_of
                )
                there = [(ids[row[0]], *row[1:4]) for row in asked("people", window, wanted, **more)]
                assert same(there, truth.people_there(section, *window, wanted)), told_of
            assert same(asked("busiest-times", window, wanted), truth.busiest_times(*window, wanted)), told_of
            walked = asked("paths", window, wanted)
            assert {ids[row[0]] for row in walked} == {row[0] for row in truth.people_there(None, *window, wanted)}
            for who, floor, taken_at, x_m, y_m, _ in walked[:: len(walked) // 400 + 1]:
                spots = truth.where(ids[who], taken_at.timestamp())
                assert any((floor, x_m, y_m) == pytest.approx(spot, abs=0.01) for spot in spots), told_of
            someone = walked[0][0]
            alone = asked("path-of-person", window, {}, person=str(someone), purpose="a test")
            assert same(alone, [row for row in walked if row[0] == someone]), told_of
            assert same(asked("floor-changes", window, wanted), truth.floor_changes(*window, wanted)), told_of
            assert same(asked("flows", window, wanted), truth.flows(*window, wanted)), told_of
            assert same(asked("visitors", window, wanted), truth.visitors(*window, wanted)), told_of
            assert same(asked("average-distance", window, wanted), truth.average_distance(*window, wanted)), told_of
            for section in ("street-0", "shop-1-n5"):
                walked = asked("average-distance", window, wanted, section=section)
                assert same(walked, truth.average_distance_in(section, *window, wanted)), told_of
            assert same(asked("heat-map", window, wanted, floor=1), truth.heat_map(*window, 1, wanted)), told_of
            over_time = asked("people-over-time", window, wanted, section="street-0")
            assert same(over_time, truth.people_over_time("street-0", *window, wanted)), told_of
            queue = asked("queue-waiting", window, wanted, section="queue-food-court")
            assert same(queue, truth.queue_waiting("queue-food-court", *window, wanted)), told_of
            place = {"floor": 0, "x_m": 101.0, "y_m": 30.0, "radius_m": 2.5}
            # Who walks by in the same lane again is as near each time: the moment is one of several.
            passed = [(ids[who], metres) for who, _, metres in asked("passers-by", window, wanted, **place)]
            near = [(who, metres) for who, _, metres in truth.passers_by(*window, 0, (101.0, 30.0), 2.5, wanted)]
            assert same(passed, near), told_of
            routes = {row[0]: row[1:] for row in truth.common_routes(*window, wanted)}
            found = asked("common-routes", window, wanted)
            assert all(routes[route] == counts for route, *rest in found for counts in [tuple(rest)]), told_of
            at_s = sum(window) / 2
            there = asked("people-in-section", None, wanted, section="street-0", at=told(at_s))
            assert same(there, truth.people_in_section("street-0", at_s, wanted)), told_of
