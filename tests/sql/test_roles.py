"""Each role may do its work and nothing else."""

import hashlib
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import errors

from cluster.embedded.postgres import PostgresServer
from models.world.errors import StoreUnavailable
from sql import audit, keys, store
from sql.keys import Caller
from sql.store import Store
from tests.conftest import Database
from tests.sql.mall import TEN

WISH = "insert into extraction_request (fingerprint, segment_ids, starts_at, ends_at, camera_s)"
VALUES = "values (repeat('a', 64), array[gen_random_uuid()], now(), now() + interval '1 hour', 60"
READ_MUST_NOT = [
    "insert into person values (gen_random_uuid(), '2026-11-20', now(), now())",
    "delete from person_location",
    "update coverage set extractor = 'x'",
    "truncate person_track",
    "select ensure_partitions(now(), now())",
    "select * from audit",
    "delete from audit",
    "select * from api_key",
    "insert into api_key (sha256, name, permissions) values (repeat('a', 64), 'me', '{}')",
    "update extraction_request set state = 'successful', finished_at = now()",
    "update extraction_request set segment_ids = '{}'",
    "delete from extraction_request",
    f"{WISH[:-1]}, state) {VALUES}, 'failed')",
    "update job set dismissed_at = now()",
    "delete from job",
    "select * from notification",
    "insert into handler (owner, version) values ('me', '1')",
    "select announce(gen_random_uuid(), 'failed')",
    "select forget_segments('{}')",
    "select * from daily_job",
    "create table mine (n int)",
    "set role mall_admin",
]
INGEST_MUST_NOT = [
    "update camera set floor = 1",
    "insert into section values ('x', now(), 'infinity', 'x', 0, 'POLYGON((0 0,1 0,1 1,0 0))')",
    "delete from segment",
    "update segment set sha256 = repeat('a', 64)",
    "delete from extraction_ledger",
    "select name from api_key",
    "select * from audit",
    "delete from extraction_request",
    "delete from notification",
    "drop table person",
    "create table mine (n int)",
    "set role mall_admin",
]


BY_DAY = (
    "person",
    "person_attributes",
    "section_hour",
    "section_day",
    "flow_hour",
    "stay_hour",
    "floor_hour",
    "visitor_day",
    "visitor_hour",
    "described_day",
    "route_day",
)


def allowed(opened: Store, query: str) -> bool:
    try:
        with opened.connection(read_only=False) as connection:
            connection.execute(query.encode())
    except errors.InsufficientPrivilege:
        return False
    return True


def test_read_may_only_ask_and_write_the_audit(read: Store) -> None:
    assert [query for query in READ_MUST_NOT if allowed(read, query)] == []


def test_read_may_wish_for_an_extraction(read: Store) -> None:
    assert allowed(read, f"{WISH} {VALUES})")


def test_ingest_may_only_write_video_ledgers_and_people(ingest: Store) -> None:
    assert [query for query in INGEST_MUST_NOT if allowed(ingest, query)] == []


def test_questions_run_in_a_read_only_transaction(read: Store) -> None:
    with pytest.raises(errors.ReadOnlySqlTransaction), read.connection() as connection:
        audit.record(connection, "me", "ask", "paths", {}, "answered", "r1")


def test_a_question_that_takes_too_long_is_ended(database: Database) -> None:
    with Store(database.read_dsn, role="read", size=1, statement_timeout_s=0.05) as hasty:
        with pytest.raises(StoreUnavailable, match="took too long"), hasty.connection() as connection:
            connection.execute("select pg_sleep(60)")
        with hasty.connection() as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_a_cut_connection_is_told_and_replaced(postgres: PostgresServer, database: Database) -> None:
    def ask_a_dead_backend() -> None:
        with opened.connection() as connection:
            with psycopg.connect(postgres.dsn(), autocommit=True) as superuser:
                superuser.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
            connection.execute("select 1")

    with Store(database.read_dsn, role="read", size=1) as opened:
        with pytest.raises(StoreUnavailable, match="does not answer"):
            ask_a_dead_backend()
        with opened.connection() as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_the_audit_is_written_by_readers_and_read_by_the_admin(read: Store, admin: Store) -> None:
    with read.connection(read_only=False) as connection:
        audit.record(connection, "'; drop table audit; --", "ask", "paths", {"floor": "0"}, "answered", "r1")
    with admin.connection() as connection:
        rows = connection.execute("select who, action, question, inputs, outcome, request_id from audit").fetchall()
    assert rows == [("'; drop table audit; --", "ask", "paths", {"floor": "0"}, "answered", "r1")]


def test_a_key_is_known_by_its_hash_and_replaced_by_a_newer_one(read: Store, admin: Store) -> None:
    with admin.connection() as connection:
        old = keys.create(connection, "owner")
        new = keys.create(connection, "owner", ["aggregates"])
        (stored,) = connection.execute("select sha256 from api_key").fetchall()
    assert stored == (hashlib.sha256(new.encode()).hexdigest(),)
    with read.connection() as connection:
        assert keys.check(connection, old) is None
        assert keys.check(connection, "'; select 1; --\0") is None
        caller = keys.check(connection, new)
    assert caller == Caller("owner", frozenset({"aggregates"}))
    assert caller.may("aggregates")
    assert not caller.may("individuals")


def test_a_key_with_an_unknown_permission_is_refused(admin: Store) -> None:
    with pytest.raises(ValueError, match="everything"), admin.connection() as connection:
        keys.create(connection, "owner", ["everything"])


def test_a_login_opens_only_its_own_database(database: Database, postgres: PostgresServer, migrated: str) -> None:
    other = postgres.create_database("other_mall", template=migrated)
    store.make_logins(other)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(database.read_dsn.rpartition("/")[0] + "/other_mall")


def partitions(connection: psycopg.Connection[tuple[object, ...]]) -> set[object]:
    return {
        row[0]
        for row in connection.execute("select relname from pg_class where relispartition and relkind in ('r', 'p')")
    }


def test_partitions_are_made_once_for_exactly_the_window(ingest: Store) -> None:
    new_year = datetime(2031, 1, 1, tzinfo=UTC)
    window = {"start": new_year - timedelta(hours=1), "end": new_year + timedelta(hours=1)}
    ask = "select ensure_partitions(%(start)s, %(end)s)"
    with ingest.connection() as connection:
        before = partitions(connection)
        connection.execute(ask, window)
        made = partitions(connection) - before
        connection.execute(ask, window)
        assert partitions(connection) - before == made
    months = {
        f"{family}_{month}"
        for family in (*BY_DAY, "person_location", "person_track", "section_visit", "person_tracklet", "grid_day")
        for month in ("2030_12", "2031_01")
    }
    days = {
        f"{family}_{day}"
        for family in ("person_location", "person_track", "section_visit")
        for day in ("2030_12_31", "2031_01_01")
    }
    # A day of the mall may reach into the days beside, seen from UTC.
    own_days = {f"grid_day_{day}" for day in ("2030_12_30", "2030_12_31", "2031_01_01", "2031_01_02")}
    assert made == months | days | own_days


def test_partitions_are_not_made_for_centuries(ingest: Store) -> None:
    with pytest.raises(errors.RaiseException, match="400 days"), ingest.connection() as connection:
        connection.execute("select ensure_partitions(%s, %s)", [TEN, TEN + timedelta(days=40000)])


def test_partitions_are_made_ahead(postgres: PostgresServer) -> None:
    dsn = postgres.create_database("ahead")
    store.migrate(dsn, ahead=timedelta(days=31))
    now = datetime.now(UTC)
    with psycopg.connect(dsn) as connection:
        made = partitions(connection)
    for days in range(-1, 31):
        assert f"person_location_{now + timedelta(days=days):%Y_%m_%d}" in made


def test_a_question_of_an_hour_reads_one_day(filled: Store, read: Store) -> None:
    with filled.connection() as connection:
        connection.execute("select ensure_partitions('2026-11-01Z', '2026-11-30Z')")
    with read.connection() as connection:
        plan = connection.execute(
            "explain select * from walks('2026-11-20 10:00Z', '2026-11-20 11:00Z', null, null, '{\"shirt\": \"blue\"}')"
        ).fetchall()
    text = "\n".join(str(row[0]) for row in plan)
    assert "person_track_2026_11_20" in text
    assert text.count("person_track_2026") == text.count("person_track_2026_11_20")
    assert "person_attributes_2026_10" not in text
