import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from cluster.embedded.postgres import PostgresServer
from models.world.errors import StoreUnavailable
from models.world.periods import Window
from sql import coverage, ledger, sites, store, videos
from sql.store import Store
from tests.conftest import Database
from tests.sql import mall, rollups
from tests.sql.test_catalogue import test_every_question_gives_its_golden_answers

DAY = datetime(2026, 10, 25, 9, tzinfo=UTC)


def relations(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')"
        )
        return {name for (name,) in found}


def test_the_schema_goes_up_down_and_up_again(postgres: PostgresServer) -> None:
    dsn = postgres.create_database("up_and_down")
    store.migrate(dsn)
    made = relations(dsn)
    store.unmigrate(dsn)
    assert relations(dsn) <= {"alembic_version", "spatial_ref_sys", "geometry_columns", "geography_columns"}
    store.migrate(dsn)
    assert relations(dsn) == made


def test_migrating_twice_is_migrating_once(database: Database, postgres: PostgresServer) -> None:
    before = relations(database.admin_dsn)
    store.migrate(database.admin_dsn, ahead=timedelta(0))
    assert relations(database.admin_dsn) == before


def test_a_database_that_is_away_is_told_as_unavailable() -> None:
    with pytest.raises(StoreUnavailable, match="does not answer"):
        store.migrate("postgresql://127.0.0.1:9/nowhere")


def test_the_second_schema_keeps_what_was_loaded_and_the_first_knows_no_gaps(postgres: PostgresServer) -> None:
    dsn = postgres.create_database("there_and_back")
    store.migrate(dsn)
    file, broken = mall.segment("cam1"), mall.segment("cam2")
    with psycopg.connect(dsn) as connection:
        sites.save(connection, mall.SITE)
    store.unmigrate(dsn, "0001")
    with psycopg.connect(dsn) as connection:
        for segment in (file, broken):
            videos.add(connection, segment)
        connection.execute(
            "insert into extraction_ledger (segment_id, extractor, epoch, state, owner, lease_until, prefix, started_at)"
            " values (%s, 'v1', 1, 'done', 'w', now(), 'raw/', now())",
            [file.segment_id],
        )
        connection.execute("insert into coverage values ('cam1', %s, %s, 'v1')", [file.window.start, file.window.end])
    store.migrate(dsn)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select state, attempts, progress_s from extraction_ledger").fetchall() == [
            ("done", 0, 0.0)
        ]
        assert [one.covered for one in coverage.read(connection, file.window)] == [[file.window], []]
        (claim,) = ledger.claim_extractions(connection, [broken.segment_id], "v1", "w", 60)
        ledger.quarantine(connection, claim, ledger.CORRUPT)
        connection.execute(
            "insert into coverage values ('cam2', %s, %s, 'v1', 'corrupt')", [broken.window.start, broken.window.end]
        )
    store.unmigrate(dsn, "0001")
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select state from extraction_ledger order by 1").fetchall() == [
            ("done",),
            ("failed",),
        ]
        assert connection.execute("select camera_id from coverage").fetchall() == [("cam1",)]


def test_the_fourth_schema_knows_cameras_without_calibration_and_the_third_forgets_them(
    postgres: PostgresServer,
) -> None:
    dsn = postgres.create_database("without_calibration")
    store.migrate(dsn)
    bare = replace(mall.SITE, cameras=(replace(mall.SITE.cameras[0], calibration=None), mall.SITE.cameras[1]))
    with psycopg.connect(dsn) as connection:
        sites.save(connection, bare)
    store.unmigrate(dsn, "0003")
    store.migrate(dsn)
    with psycopg.connect(dsn) as connection:
        assert sites.read(connection) == replace(bare, cameras=bare.cameras[1:])


def test_the_schema_tells_its_version(read: Store) -> None:
    with read.connection() as connection:
        assert store.schema_version(connection) == store.LATEST
        store.check_version(connection)


def test_a_database_without_schema_has_no_version(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.create_database("bare")) as connection:
        assert store.schema_version(connection) is None
        with pytest.raises(store.MallError, match="schema None"):
            store.check_version(connection)


def test_hours_loaded_before_the_third_schema_have_no_versions_and_those_after_do(
    postgres: PostgresServer, database: Database, admin: Store, ingest: Store
) -> None:
    with admin.connection() as connection:
        sites.save(connection, mall.SITE)
    store.unmigrate(postgres.dsn(str(conninfo_to_dict(database.admin_dsn)["dbname"])), "0002")
    with admin.connection() as connection:
        connection.execute(
            "insert into load_ledger (site, hour, epoch, state, owner, lease_until, started_at)"
            " values (%s, %s, 1, 'done', 'w', now(), now())",
            [mall.SITE.name, mall.NINE],
        )
    store.migrate(postgres.dsn(str(conninfo_to_dict(database.admin_dsn)["dbname"])), ahead=timedelta(0))
    both = Window(mall.NINE, mall.TEN + timedelta(minutes=1))
    with ingest.connection() as connection:
        assert coverage.versions(connection, both) == {"association": [], "attributes": []}
    mall.load(ingest, mall.TEN)
    with ingest.connection() as connection:
        assert coverage.versions(connection, both) == {"association": [], "attributes": [mall.VERSION]}


def test_what_was_loaded_before_the_fourth_schema_gets_its_rollups(
    postgres: PostgresServer, database: Database, admin: Store, filled: Store
) -> None:
    superuser = postgres.dsn(str(conninfo_to_dict(database.admin_dsn)["dbname"]))
    with admin.connection() as connection:
        before = rollups.kept(connection)
    store.unmigrate(superuser, "0003")
    store.migrate(superuser, ahead=timedelta(0))
    with admin.connection() as connection:
        after = rollups.kept(connection)
    newer = ("section_visit", "section_hour", "section_day")
    known = {name: [row[:-1] for row in rows] if name in newer else rows for name, rows in before.items()}
    late = ("route_day", "stay_hour", "floor_hour")
    assert {name: [row[:-1] for row in rows] if name in newer else rows for name, rows in after.items()} == {
        **known,
        **{name: [] for name in late},
    }
    assert all(rows for name, rows in before.items() if name != "route_day")  # nobody went through three sections


def test_what_was_loaded_before_the_ninth_schema_is_answered_alike(
    postgres: PostgresServer, database: Database, admin: Store, filled: Store, read: Store
) -> None:
    superuser = postgres.dsn(str(conninfo_to_dict(database.admin_dsn)["dbname"]))
    with admin.connection() as connection:
        before = rollups.kept(connection)
    store.unmigrate(superuser, "0008")
    store.migrate(superuser, ahead=timedelta(0))
    with admin.connection() as connection:
        assert connection.execute("select count(*) from section_visit where length_m is not null").fetchone() == (0,)
    test_every_question_gives_its_golden_answers(filled, read)
    with admin.connection() as connection:
        connection.execute("select refresh_rollups(%s)", [mall.DAY])
        after = rollups.kept(connection)
    assert {**after, "section_visit": None} == {**before, "section_visit": None}


def test_people_ask_while_a_filled_store_is_brought_up_and_hardly_wait(
    postgres: PostgresServer, database: Database, filled: Store, read: Store
) -> None:
    superuser = postgres.dsn(str(conninfo_to_dict(database.admin_dsn)["dbname"]))
    store.unmigrate(superuser, "0008")
    up, told, waits_s = threading.Event(), set(), []
    asked = "select count(*), round(sum(length_m)) from walks(%s, %s, %s)"

    def ask() -> None:
        while not up.is_set():
            began = time.monotonic()
            with read.connection() as connection:
                told.add(connection.execute(asked, [mall.NINE, mall.TEN + timedelta(hours=1), None]).fetchone())
            waits_s.append(time.monotonic() - began)

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        store.migrate(superuser, ahead=timedelta(0))
        up.set()
        for one in asking:
            one.result()
    assert len(told) == 1
    assert len(waits_s) > 10
    assert max(waits_s) < 2.0
