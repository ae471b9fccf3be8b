"""Old days leave the tables that questions read, older ones the store; legal hold wins."""

from datetime import date, timedelta

import pytest
from psycopg import errors

from models.world.errors import BadWindow, StoreUnavailable
from sql import catalogue, retention
from sql.catalogue import Catalogue
from sql.store import Store
from tests.sql.mall import DAY, SITE

FAMILIES = ["person_location", "person_track", "section_visit"]
PEOPLE = Catalogue.load().question("people")
WINDOW = {"from": f"{DAY}T09:00Z", "to": f"{DAY}T11:00Z"}


@pytest.fixture
def old(filled: Store, admin: Store) -> date:
    """Today, with the known mall 31 days ago. It really is of a fixed day, so the age that is asked for is taken away."""
    with admin.connection() as connection:
        connection.execute("set local role mall_admin")
        body = connection.execute("select pg_get_functiondef('retire'::regproc)").fetchone()
        assert body is not None
        connection.execute(body[0].replace("current_date - 30", "date '2030-01-01'").encode())
    return DAY + timedelta(days=31)


def counts(store: Store, suffix: str = "") -> list[int]:
    with store.connection() as connection:
        rows = [connection.execute(f"select count(*) from {name}{suffix}".encode()).fetchone() for name in FAMILIES]
    return [row[0] for row in rows if row]


def test_a_day_older_than_thirty_is_moved_aside_as_it_is(old: date, filled: Store, admin: Store) -> None:
    before, told = counts(filled), []
    steps = retention.run(filled, old, log=told.append)
    assert steps == told == [retention.Step("move", family, DAY) for family in FAMILIES]
    assert counts(filled) == [0, 0, 0]
    assert counts(admin, "_aside") == before
    assert retention.run(filled, old) == []


def test_a_day_older_than_sixty_is_gone_with_its_people_and_sums(old: date, filled: Store, admin: Store) -> None:
    retention.run(filled, old)
    retention.run(filled, old + timedelta(days=30))
    assert counts(admin) == counts(admin, "_aside") == [0, 0, 0]
    with filled.connection() as connection:
        for table in ("person", "person_attributes", "person_tracklet", "section_hour", "grid_day", "visitor_day"):
            assert connection.execute(f"select count(*) from {table}".encode()).fetchone() == (0,), table


def test_a_day_on_legal_hold_stays(old: date, filled: Store, admin: Store) -> None:
    with admin.connection() as connection:
        connection.execute("insert into legal_hold (first_day, last_day, reason) values (%s, %s, 'court')", [DAY, DAY])
    before = counts(filled)
    retention.run(filled, old + timedelta(days=60))
    assert counts(filled) == before
    with pytest.raises(errors.RaiseException, match="legal hold"), filled.connection() as connection:
        connection.execute("select retire('drop', 'person_track', %s)", [DAY])


def test_a_young_day_cannot_be_retired(filled: Store) -> None:
    with filled.connection() as connection:
        today = connection.execute("select current_date").fetchone()
        assert today is not None
        with pytest.raises(errors.RaiseException, match="too young"):
            connection.execute("select retire('drop', 'person_track', %s)", today)


def test_a_plan_changes_nothing(old: date, filled: Store) -> None:
    before = counts(filled)
    with filled.connection() as connection:
        assert [step.action for step in retention.plan(connection, old)] == ["move"] * 3
        assert retention.plan(connection, DAY + timedelta(days=30)) == []
    assert counts(filled) == before


def test_of_two_jobs_one_does_nothing(old: date, filled: Store) -> None:
    with filled.connection() as another:
        another.execute("select pg_advisory_lock(hashtext('mall retention'))")
        assert retention.run(filled, old) is None
        another.execute("select pg_advisory_unlock(hashtext('mall retention'))")
    assert retention.run(filled, old)


def test_a_reader_is_not_disturbed_and_the_job_goes_on_later(old: date, filled: Store, read: Store) -> None:
    with read.connection() as reader:
        seen = reader.execute("select count(*) from person_track").fetchone()
        with pytest.raises(StoreUnavailable, match="try again later"):
            retention.run(filled, old, patience_s=0)
        assert reader.execute("select count(*) from person_track").fetchone() == seen
    assert [step.family for step in retention.run(filled, old) or []] == FAMILIES[-2:]


def test_a_question_about_a_day_that_was_moved_is_refused_with_the_reason(
    old: date, filled: Store, read: Store
) -> None:
    retention.run(filled, old)
    bound = PEOPLE.bind(WINDOW, SITE.time_zone)
    with pytest.raises(BadWindow, match="no longer at hand"), read.connection() as connection:
        catalogue.ask(connection, PEOPLE, bound)
