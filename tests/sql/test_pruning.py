"""No question reads more days than it is about, whatever the store holds."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sql.asking import ask
from sql.catalogue import Catalogue
from sql.store import Store
from tests.sql.mall import SITE
from tests.sql.test_catalogue import with_ids

GOLDEN = Path(__file__).parent / "golden"
CATALOGUE = Catalogue.load()
WORKERS = 2
"""That PostgreSQL may put to work beside the one who asks."""
AROUND = {"2026_11_19", "2026_11_20", "2026_11_21"}


def days_read(plan: Any) -> set[str]:
    """The days of all partitions that a plan scans."""
    if isinstance(plan, list):
        return {day for one in plan for day in days_read(one)}
    if not isinstance(plan, dict):
        return set()
    found = re.findall(r"_(\d{4}_\d\d_\d\d)$", plan.get("Relation Name", ""))
    return {*found, *(day for one in plan.values() for day in days_read(one))}


@pytest.fixture
def month(filled: Store) -> Store:
    """The known mall in a store with partitions of a month."""
    with filled.connection() as connection:
        connection.execute("select ensure_partitions('2026-11-01', '2026-11-30')")
    return filled


def about_a_day(inputs: dict[str, str]) -> bool:
    return inputs.get("from", "2026-11-20") >= "2026-11-20" and inputs.get("to", "") <= "2026-11-21T00:00"


def test_a_question_about_a_day_reads_that_day_and_no_month(month: Store, read: Store) -> None:
    for question in CATALOGUE.questions.values():
        cases = yaml.safe_load((GOLDEN / f"{question.id}.yaml").read_text())
        for inputs in (case["inputs"] for case in cases if about_a_day(case["inputs"])):
            bound = question.bind(with_ids(inputs), SITE.time_zone)
            with read.connection() as connection:
                explain = b"explain (format json) " + question.sql
                plan = connection.execute(explain, {**bound.values, "zone": bound.zone}).fetchone()
            assert plan is not None
            assert days_read(plan[0]) <= AROUND, f"{question.id} {inputs}"


def test_a_question_about_a_day_scans_that_day_and_no_month(month: Store, read: Store) -> None:
    """Also within functions, into which a plan does not show."""
    scanned = "select relname from pg_stat_xact_user_tables where coalesce(seq_scan, 0) + coalesce(idx_scan, 0) > 0"
    seen: set[str] = set()
    for question in CATALOGUE.questions.values():
        cases = yaml.safe_load((GOLDEN / f"{question.id}.yaml").read_text())
        for inputs in (case["inputs"] for case in cases if about_a_day(case["inputs"])):
            with read.connection() as connection:
                ask(connection, question, question.bind(with_ids(inputs), SITE.time_zone))
                names = connection.execute(scanned.encode()).fetchall()
            days = {day for (name,) in names for day in re.findall(r"_(\d{4}_\d\d_\d\d)$", name)}
            assert days <= AROUND, f"{question.id} {inputs}"
            seen |= days
    assert "2026_11_20" in seen


def test_who_has_an_attribute_is_looked_up_once_however_many_days_are_asked(month: Store, read: Store) -> None:
    """As a filter it would be looked up again for each day's table, with the people of all days each time."""
    stays = b"select * from stays_in_sections('2026-11-01', '2026-11-30', 'food-court', '{\"shirt\": \"blue\"}')"
    with read.connection() as connection:
        plan = connection.execute(b"explain (analyze, format json) " + stays).fetchone()
    assert plan is not None
    found = lookups(plan[0])
    assert 1 <= len(found) <= 2, found
    assert all(loops <= 1 + WORKERS for loops in found)


def lookups(plan: Any) -> list[int]:
    """How often each look-up of people by attribute in the plan was made."""
    if isinstance(plan, list):
        return [loops for one in plan for loops in lookups(one)]
    if not isinstance(plan, dict):
        return []
    own = [plan["Actual Loops"]] if plan.get("Function Name") == "people_wanted" else []
    return own + [loops for one in plan.values() for loops in lookups(one)]


def test_whoever_asks_gets_a_plan_for_the_window_each_time(read: Store) -> None:
    """PostgreSQL may else keep one for all windows, which reads what this one need not; in a small store it never does."""
    with read.connection() as connection:
        assert connection.execute("show plan_cache_mode").fetchone() == ("force_custom_plan",)


def test_the_days_of_a_plan_are_found(month: Store, read: Store) -> None:
    with read.connection() as connection:
        plan = connection.execute("explain (format json) select * from person_track").fetchone()
    assert plan is not None
    assert len(days_read(plan[0])) == 30
