"""What is old leaves the tables that questions read, then the store, and video with all that was made of it; legal hold wins."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from psycopg import errors

from cluster.embedded.daemons import until
from models.world.errors import BadWindow, StoreUnavailable
from models.world.places import Segment
from pipelines import raw
from pipelines.export import files
from pipelines.flow import Resources
from pipelines.objects import FolderStore
from pipelines.retention import Retention, daily
from pipelines.worker import Terms
from sql import asking, ledger, sites, videos
from sql.catalogue import Catalogue
from sql.retention import Step, alone
from sql.store import Store
from tests.conftest import Database
from tests.pipelines.handler_process import handler
from tests.sql.mall import DAY, SITE, segment

FAMILIES = ["person_location", "person_track", "section_visit"]
PEOPLE = Catalogue.load().question("people")
WINDOW = {"from": f"{DAY}T09:00Z", "to": f"{DAY}T11:00Z"}


@pytest.fixture
def objects(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest.fixture
def work(ingest: Store, read: Store, objects: FolderStore) -> Retention:
    return Retention(ingest, read, objects)


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


def test_a_day_older_than_thirty_is_moved_aside_as_it_is(
    old: date, work: Retention, filled: Store, admin: Store
) -> None:
    before, told = counts(filled), []
    steps = work.run(old, told.append)
    assert steps == told == [Step("export", "day", DAY), *(Step("move", family, DAY) for family in FAMILIES)]
    assert counts(filled) == [0, 0, 0]
    assert counts(admin, "_aside") == before
    assert work.run(old) == []


def test_a_day_older_than_sixty_is_gone_with_its_people_and_sums(
    old: date, work: Retention, filled: Store, admin: Store
) -> None:
    work.run(old)
    work.run(old + timedelta(days=30))
    assert counts(admin) == counts(admin, "_aside") == [0, 0, 0]
    with filled.connection() as connection:
        for table in ("person", "person_attributes", "person_tracklet", "section_hour", "grid_day", "visitor_day"):
            assert connection.execute(f"select count(*) from {table}".encode()).fetchone() == (0,), table


def test_a_day_on_legal_hold_stays(old: date, work: Retention, filled: Store, admin: Store) -> None:
    with admin.connection() as connection:
        connection.execute("insert into legal_hold (first_day, last_day, reason) values (%s, %s, 'court')", [DAY, DAY])
    before = counts(filled)
    work.run(old + timedelta(days=60))
    assert counts(filled) == before
    with pytest.raises(errors.RaiseException, match="legal hold"), filled.connection() as connection:
        connection.execute("select retire('drop', 'person_track', %s)", [DAY])


def test_a_young_day_cannot_be_retired(filled: Store) -> None:
    with filled.connection() as connection:
        today = connection.execute("select current_date").fetchone()
        assert today is not None
        with pytest.raises(errors.RaiseException, match="too young"):
            connection.execute("select retire('drop', 'person_track', %s)", today)


def test_a_plan_changes_nothing(old: date, work: Retention, filled: Store) -> None:
    before = counts(filled)
    assert [step.action for step in work.plan(old)] == ["export", "move", "move", "move"]
    assert [step.action for step in work.plan(DAY + timedelta(days=30))] == ["export"]
    assert work.plan(DAY) == []
    assert counts(filled) == before


def test_of_two_jobs_one_does_nothing(old: date, work: Retention, filled: Store) -> None:
    with alone(filled) as is_alone:
        assert is_alone
        assert work.run(old) is None
    assert work.run(old)


def test_a_reader_is_not_disturbed_and_the_job_goes_on_later(
    old: date, work: Retention, filled: Store, read: Store
) -> None:
    with read.connection() as reader:
        seen = reader.execute("select count(*) from person_track").fetchone()
        with pytest.raises(StoreUnavailable, match="try again later"):
            replace(work, patience_s=0).run(old)
        assert reader.execute("select count(*) from person_track").fetchone() == seen
    assert [step.family for step in work.run(old) or []] == FAMILIES[-2:]


def test_a_question_about_a_day_that_was_moved_is_refused_with_the_reason(
    old: date, work: Retention, filled: Store, read: Store
) -> None:
    work.run(old)
    bound = PEOPLE.bind(WINDOW, SITE.time_zone)
    with pytest.raises(BadWindow, match="no longer at hand"), read.connection() as connection:
        asking.ask(connection, PEOPLE, bound)


LONG_AGO = datetime(2026, 5, 1, 22, 30, tzinfo=UTC)
AFTER = LONG_AGO.date() + timedelta(days=61)


@pytest.fixture
def filmed(admin: Store, ingest: Store, objects: FolderStore) -> list[Segment]:
    """Three recordings of long ago, the second over midnight, each with a result and one that nobody names."""
    recorded = [
        segment("cam1", LONG_AGO, 60),
        segment("cam1", LONG_AGO + timedelta(hours=1), 60),
        segment("cam2", LONG_AGO, 60),
    ]
    with admin.connection() as connection:
        sites.save(connection, SITE)
    for one in recorded:
        with ingest.connection() as connection:
            videos.add(connection, one)
            (claim,) = ledger.claim_extractions(connection, [one.segment_id], "v1", "test", 60)
            ledger.finish_extraction(connection, claim, prefix(one, 1), 1, 1)
        objects.put_bytes(one.key, b"video")
        for epoch in (1, 2):
            objects.put_bytes(prefix(one, epoch) + raw.TRACKLETS_FILE, b"tracklets and embeddings")
            objects.put_bytes(prefix(one, epoch) + raw.crop_name(1, 1), b"a crop")
    return recorded


def prefix(one: Segment, epoch: int) -> str:
    return raw.prefix(one.camera_id, one.window.start.date().isoformat(), str(one.segment_id), "v1", epoch)


def left(store: Store) -> list[object]:
    with store.connection() as connection:
        rows = connection.execute("select segment_id from segment order by starts_at, camera_id").fetchall()
        known = connection.execute("select count(*) from extraction_ledger").fetchone()
    assert known == (len(rows),)
    return [row[0] for row in rows]


def test_crops_tracklets_and_embeddings_go_with_their_video_after_sixty_days(
    filmed: list[Segment], work: Retention, objects: FolderStore, ingest: Store
) -> None:
    """The recording over midnight ends a day later, and so is kept a day longer."""
    over_midnight = filmed[1]
    assert work.plan(AFTER - timedelta(days=1)) == []
    assert work.run(AFTER) == [Step("forget", "video", LONG_AGO.date())]
    assert left(ingest) == [over_midnight.segment_id]
    assert {key.split("/")[3] for key in objects.keys("raw/")} == {str(over_midnight.segment_id)}
    assert objects.keys("video/") == [over_midnight.key]
    work.run(AFTER + timedelta(days=1))
    assert left(ingest) == objects.keys("") == []


@pytest.mark.parametrize(("first", "last", "kept"), [(0, 0, 3), (1, 1, 1), (2, 5, 0), (-9, -1, 0)])
def test_video_of_which_a_day_is_on_legal_hold_stays(
    filmed: list[Segment],
    work: Retention,
    objects: FolderStore,
    ingest: Store,
    admin: Store,
    first: int,
    last: int,
    kept: int,
) -> None:
    days = [LONG_AGO.date() + timedelta(days=shift) for shift in (first, last)]
    with admin.connection() as connection:
        connection.execute("insert into legal_hold (first_day, last_day, reason) values (%s, %s, 'court')", days)
    work.run(AFTER + timedelta(days=9))
    assert len(left(ingest)) == kept
    assert len(objects.keys("")) == 5 * kept


def test_rows_of_young_and_held_video_are_not_forgotten_whoever_asks(
    filmed: list[Segment], ingest: Store, admin: Store
) -> None:
    young = segment("cam2", datetime.now(UTC) - timedelta(days=59), 60)
    with admin.connection() as connection:
        videos.add(connection, young)
        ledger.claim_extractions(connection, [young.segment_id], "v1", "test", 60)
        connection.execute(
            "insert into legal_hold (first_day, last_day, reason) values ('2026-05-01', '2026-05-02', 'court')"
        )
    with ingest.connection() as connection:
        connection.execute("select forget_segments(%s)", [[one.segment_id for one in (*filmed, young)]])
    assert len(left(ingest)) == 4


class Dying(FolderStore):
    """Deletes so many prefixes, then dies."""

    left = 3

    def delete_prefix(self, prefix: str) -> None:
        self.left -= 1
        if self.left < 0:
            raise StoreUnavailable("killed")
        super().delete_prefix(prefix)


def test_a_job_that_is_killed_goes_on_where_it_stopped(
    filmed: list[Segment], work: Retention, objects: FolderStore, ingest: Store
) -> None:
    with pytest.raises(StoreUnavailable, match="killed"):
        replace(work, objects=Dying(objects.root)).run(AFTER + timedelta(days=1))
    assert len(left(ingest)) == 3
    work.run(AFTER + timedelta(days=1))
    assert left(ingest) == objects.keys("") == []


def test_an_export_goes_after_sixty_days_with_what_a_killed_one_left(
    old: date, work: Retention, objects: FolderStore, admin: Store
) -> None:
    work.run(old)
    objects.put_bytes(f"{files.folder('paths', DAY - timedelta(days=1))}half.parquet", b"half")
    with admin.connection() as connection:
        connection.execute("insert into legal_hold (first_day, last_day, reason) values (%s, %s, 'court')", [DAY, DAY])
    work.run(DAY + timedelta(days=61))
    assert files.stored_days(objects) == [DAY]
    with admin.connection() as connection:
        connection.execute("delete from legal_hold")
    work.run(DAY + timedelta(days=61))
    assert objects.keys("") == []


class Full(FolderStore):
    def put_file(self, key: str, path: Path, sha256: str) -> None:
        raise StoreUnavailable("full")


def test_a_day_that_cannot_be_exported_is_not_moved_aside(
    old: date, work: Retention, filled: Store, objects: FolderStore
) -> None:
    before = counts(filled)
    with pytest.raises(StoreUnavailable, match="full"):
        replace(work, objects=Full(objects.root)).run(old)
    assert counts(filled) == before


def test_retention_is_done_once_a_day(filled: Store, database: Database, objects: FolderStore, admin: Store) -> None:
    day = DAY + timedelta(days=1)
    did = [
        daily(database.ingest_dsn, database.read_dsn, objects, today) for today in (day, day, day + timedelta(days=1))
    ]
    assert did == [True, False, True]
    with alone(filled):
        assert not daily(database.ingest_dsn, database.read_dsn, objects, day + timedelta(days=2))
    with admin.connection() as connection:
        assert connection.execute("select job, done_on from daily_job").fetchall() == [
            ("retention", day + timedelta(days=1))
        ]
        assert connection.execute("select who, action from audit").fetchall() == [("retention", "export")]


def test_a_handler_does_what_is_to_be_done_once_a_day(database: Database, objects: FolderStore) -> None:
    told: list[date] = []
    resources = Resources(objects, database.ingest_dsn)

    def remember(today: date) -> bool:
        told.append(today)
        return True

    working = handler(resources, Terms(warm_camera_s=0.0), daily=remember)
    working.start()
    try:
        assert until(lambda: bool(told), 30)
        working.check()
    finally:
        working.stop()
    assert (datetime.now(UTC).date() - told[0]).days in (0, 1)
