import uuid
from datetime import timedelta

import pytest

from models.world.periods import Window
from sql import ledger, plans, videos
from sql.plans import Plan
from sql.store import Store
from tests.conftest import Database
from tests.sql.mall import SITE, TEN, segment

EXTRACTOR = "mall-people-1"
HALF_HOUR_S = 1800.0
TWO_HOURS = Window(TEN, TEN + timedelta(hours=2))


def planned(store: Store, window: Window = TWO_HOURS, cameras: list[str] | None = None) -> Plan:
    with store.connection() as connection:
        return plans.plan(connection, window, cameras, EXTRACTOR)


def test_a_plan_tells_known_and_given_up_from_what_is_left(ingest: Store, segments: list[uuid.UUID]) -> None:
    before = planned(ingest)
    assert (before.segments, before.known, before.quarantined, before.left) == (3, 0, 0, 3)
    with ingest.connection() as connection:
        done, spoilt = ledger.claim_extractions(connection, segments[:2], EXTRACTOR, "worker", 60)
        ledger.finish_extraction(connection, done, "raw/1/", 1, 1)
        ledger.quarantine(connection, spoilt, ledger.CORRUPT)
    plan = planned(ingest)
    assert (plan.segments, plan.known, plan.quarantined, plan.left) == (3, 1, 1, 1)
    assert (plan.known_s, plan.quarantined_s, plan.left_s) == (HALF_HOUR_S, HALF_HOUR_S, before.camera_s - 3600.0)
    assert plan.bytes_left == plan.bytes // 3


def test_a_plan_is_of_the_window_the_cameras_and_the_extractor_asked_for(
    ingest: Store, segments: list[uuid.UUID]
) -> None:
    assert planned(ingest, Window(TEN - timedelta(hours=2), TEN - timedelta(hours=1))).segments == 0
    assert (planned(ingest, cameras=["cam2"]).segments, planned(ingest, cameras=[]).segments) == (1, 0)
    with ingest.connection() as connection:
        (done,) = ledger.claim_extractions(connection, segments[:1], "another", "worker", 60)
        ledger.finish_extraction(connection, done, "raw/1/", 1, 1)
    assert planned(ingest).known == 0


def test_the_rate_counts_time_in_which_anything_was_worked_on_once(
    ingest: Store, segments: list[uuid.UUID], database: Database
) -> None:
    import psycopg

    with ingest.connection() as connection:
        assert plans.rate(connection, EXTRACTOR) is None
        for held in ledger.claim_extractions(connection, segments[:2], EXTRACTOR, "worker", 60):
            ledger.finish_extraction(connection, held, f"raw/{held.segment_id}/", 1, 1)
    times = [(segments[0], "10:00:00", "10:01:00"), (segments[1], "10:00:30", "10:02:00")]
    with psycopg.connect(database.admin_dsn) as admin:
        for name, started, finished in times:
            admin.execute(
                "update extraction_ledger set started_at = %s::timestamptz, finished_at = %s::timestamptz"
                " where segment_id = %s",
                [f"2026-11-20 {started}Z", f"2026-11-20 {finished}Z", name],
            )
    with ingest.connection() as connection:
        assert plans.rate(connection, EXTRACTOR) == pytest.approx(2 * HALF_HOUR_S / 120)


def test_hours_are_those_in_which_segments_begin(ingest: Store, segments: list[uuid.UUID]) -> None:
    late = segment("cam1", TEN + timedelta(hours=3, minutes=50), 30)
    with ingest.connection() as connection:
        videos.add(connection, late)
        whole = plans.hours(connection, Window(TEN, TEN + timedelta(days=1)), None)
        end_of_late = Window(TEN + timedelta(hours=4), TEN + timedelta(hours=5))
        assert plans.hours(connection, end_of_late, None) == [TEN + timedelta(hours=3)]
    assert whole[-1] == TEN + timedelta(hours=3)
    assert whole == sorted(set(whole))


def test_named_segments_are_those_that_are_still_there(ingest: Store, segments: list[uuid.UUID]) -> None:
    with ingest.connection() as connection:
        found = videos.named(connection, [segments[1], uuid.uuid4(), segments[0]])
    assert [one.segment_id for one in found] == segments[:2]
    assert SITE.camera(found[0].camera_id)
