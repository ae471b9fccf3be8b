"""A day as Parquet: what the store holds, a whole day or an older one, once however often, and never without an audit row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.world.errors import BadInput, BadWindow, Busy, NotFound, StoreUnavailable
from pipelines.export import Exports, export_day, files, writing
from pipelines.export.tables import SCHEMAS
from pipelines.export.writing import ROWS
from pipelines.objects import FolderStore, ObjectStore
from sql import export, people
from sql.store import Connection, Store
from tests.sql import mall
from tests.sql.mall import DAY, NAMES, SITE, TEN, VISITORS
from tests.sql.test_people import claimed

WHY = "testing"


@pytest.fixture
def objects(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest.fixture
def exports(filled: Store, read: Store, objects: FolderStore) -> Exports:
    export_day(DAY, read, objects, "tester")
    return Exports(objects, read, "reader")


def table(exports: Exports, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = exports.dataset(name, [DAY], WHY).to_table().to_pylist()
    return rows


def audit(admin: Store) -> list[tuple[Any, ...]]:
    with admin.connection() as connection:
        return connection.execute("select who, action, inputs from audit order by audit_id").fetchall()


def test_people_have_a_column_for_each_attribute(exports: Exports) -> None:
    ann, dee = (
        next(row for row in table(exports, "people") if row["person_id"] == str(VISITORS[n].id)) for n in (0, 3)
    )
    assert (ann["shirt"], ann["shoes"], ann["hat"]) == ("blue", "yes", "unknown")
    assert (dee["shirt"], dee["distance_m"], dee["day"]) == ("unknown", 0.0, DAY)
    assert ann["first_seen"] == TEN - timedelta(minutes=30)
    assert len(table(exports, "people")) == len(VISITORS)


def test_paths_are_lines_that_geopandas_reads_with_the_time_of_each_point(
    exports: Exports, objects: FolderStore
) -> None:
    found = files.find(objects, DAY)
    assert found is not None
    frame = geopandas.read_parquet(objects.root / found.files["paths"].key)
    assert frame.crs is None
    assert frame.geometry.length.to_numpy() == pytest.approx(frame["length_m"].to_numpy())
    ann = frame[frame["person_id"] == str(VISITORS[0].id)].iloc[0]
    assert list(ann["path"].coords) == [(0.0, 5.0), (30.0, 5.0)]
    assert list(ann["times_s"]) == [mall.clock_s("09:30:00"), mall.clock_s("10:00:00")]


def test_a_path_says_when_nobody_saw_the_person_where_that_is_known(
    filled: Store, admin: Store, read: Store, objects: FolderStore
) -> None:
    hour = mall.hour_of_people(VISITORS, TEN)
    fay = VISITORS[5]
    gap_s = np.array([[mall.clock_s("10:41:00"), mall.clock_s("10:43:00")]])
    claim = claimed(filled)
    paths = {**hour.paths, fay.id: [replace(path, unseen_s=gap_s) for path in fay.paths]}
    with filled.connection() as connection:
        people.replace_hour(connection, claim, replace(hour, paths=paths), [])
    with admin.connection() as connection:
        connection.execute("update person_track set unseen = null where person_id = %s", [VISITORS[1].id])
    export_day(DAY, read, objects, "tester")
    unseen = {row["person_id"]: row["unseen"] for row in table(Exports(objects, read, "reader"), "paths")}
    assert unseen[str(fay.id)] == [{"starts_at": TEN + timedelta(minutes=41), "ends_at": TEN + timedelta(minutes=43)}]
    assert unseen[str(VISITORS[0].id)] == []
    assert unseen[str(VISITORS[1].id)] is None


def test_positions_visits_and_coverage_are_those_of_the_store(exports: Exports, read: Store) -> None:
    queries = {
        "positions": "select person_id::text, taken_at, floor, st_x(location), st_y(location), grid_id"
        " from person_location order by taken_at, person_id",
        "visits": "select person_id::text, section_id, starts_at, ends_at from section_visit order by 3, person_id, 2",
        "coverage": "select * from coverage order by starts_at, camera_id",
    }
    for name, query in queries.items():
        with read.connection() as connection:
            stored = connection.execute(query.encode()).fetchall()
        assert [tuple(row.values()) for row in table(exports, name)] == stored
        assert stored


def test_who_was_there_over_midnight_is_in_both_days(
    admin: Store, ingest: Store, read: Store, objects: FolderStore
) -> None:
    mall.fill(admin, ingest)
    midnight = datetime(2026, 11, 21, tzinfo=UTC)
    way = mall.Path(0, midnight.timestamp() + np.arange(-60.0, 61.0), np.ones((121, 2)))
    owl = people.Person(VISITORS[0].tracklet, date(2026, 11, 21), {}, [])
    for hour, piece in zip((midnight - timedelta(hours=1), midnight), mall.cut_at_hours(way), strict=True):
        with ingest.connection() as connection:
            claim = mall.ledger.claim_load(connection, SITE.name, hour, "test", 60)
        assert claim is not None
        with ingest.connection() as connection:
            hour_of_people = people.HourOfPeople([owl], {owl.person_id: [piece]}, "v")
            people.replace_hour(connection, claim, hour_of_people, [])
    for day, others in ((DAY, len(VISITORS)), (date(2026, 11, 21), 0)):
        done, _ = export_day(day, read, objects, "tester")
        assert done.files["people"].rows == others + 1


def test_a_day_that_has_not_changed_is_left_as_it_is(exports: Exports, read: Store, objects: FolderStore) -> None:
    before = {key: objects.get_bytes(key) for key in objects.keys("")}
    again, is_new = export_day(DAY, read, objects, "tester")
    assert not is_new
    assert {key: objects.get_bytes(key) for key in objects.keys("")} == before
    assert len(before) == len(SCHEMAS) + 1
    assert again == files.find(objects, DAY)


def test_the_same_day_gives_the_same_files(exports: Exports, read: Store, tmp_path: Path) -> None:
    other = FolderStore(tmp_path / "other")
    export_day(DAY, read, other, "tester")
    assert files.find(other, DAY) == files.find(FolderStore(tmp_path / "objects"), DAY)


def test_a_day_that_was_loaded_anew_is_written_anew_and_the_older_files_go(
    exports: Exports, filled: Store, read: Store, objects: FolderStore
) -> None:
    mall.load(filled, TEN, VISITORS[:2])
    _, is_new = export_day(DAY, read, objects, "tester")
    assert is_new
    assert {NAMES[mall.uuid.UUID(row["person_id"])] for row in table(exports, "people")} == {"ann", "bob", "eve"}
    assert len(objects.keys("")) == len(SCHEMAS) + 1


class Failing(FolderStore):
    """Takes so many objects, then dies."""

    left = 0

    def put_bytes(self, key: str, content: bytes) -> None:
        self.left -= 1
        if self.left < 0:
            raise StoreUnavailable("killed")
        super().put_bytes(key, content)


@pytest.mark.parametrize("taken", range(len(SCHEMAS) + 1))
def test_an_export_that_dies_half_way_leaves_the_older_one_whole(
    exports: Exports, filled: Store, read: Store, objects: FolderStore, taken: int
) -> None:
    before = {name: table(exports, name) for name in SCHEMAS}
    mall.load(filled, TEN, VISITORS[:2])
    dying = Failing(objects.root)
    dying.left = taken
    with pytest.raises(StoreUnavailable, match="killed"):
        export_day(DAY, read, dying, "tester")
    assert {name: table(exports, name) for name in SCHEMAS} == before
    export_day(DAY, read, objects, "tester")
    assert len(table(exports, "people")) == 3
    assert len(objects.keys("")) == len(SCHEMAS) + 1


class Disturbed:
    """The store, with something done after each of its first transactions."""

    def __init__(self, store: Store, deed: Callable[[], object], times: int) -> None:
        self._store, self._deed, self._left = store, deed, times

    @contextmanager
    def connection(self, *, read_only: bool | None = None) -> Iterator[Connection]:
        with self._store.connection(read_only=read_only) as connection:
            yield connection
        self._left -= 1
        if self._left >= 0:
            self._deed()


@pytest.mark.parametrize("moment", [3, 20, 60, 98])
def test_a_day_loaded_while_it_is_read_is_read_again(
    filled: Store, read: Store, objects: FolderStore, moment: int
) -> None:
    """Two hours of one load each: what is exported is of before or after both, never of in between."""
    looks = iter(range(1000))

    def load() -> None:
        if next(looks) == moment:
            mall.load(filled, TEN, VISITORS[:2])

    disturbed: Any = Disturbed(read, load, 1000)
    done, _ = export_day(DAY, disturbed, objects, "tester")
    assert done.files["people"].rows == 3
    assert done.files["paths"].rows == len({"ann-9", "ann-10", "bob", "eve"})
    assert done.state == files.find(objects, DAY).state  # type: ignore[union-attr]


def test_a_day_that_is_loaded_all_the_time_is_not_exported(
    filled: Store, read: Store, objects: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ATTEMPTS", 2)
    disturbed: Any = Disturbed(read, lambda: mall.load(filled, TEN), 1000)
    with pytest.raises(StoreUnavailable, match="2 times"):
        export_day(DAY, disturbed, objects, "tester")
    assert objects.keys("") == []


def test_of_two_exports_of_a_day_one_is_refused(filled: Store, read: Store, objects: FolderStore) -> None:
    with export.alone(read, DAY), pytest.raises(Busy, match="another export"):
        export_day(DAY, read, objects, "tester")
    assert export_day(DAY, read, objects, "tester")[1]


def test_writing_and_reading_leave_audit_rows(exports: Exports, admin: Store) -> None:
    exports.dataset("paths", [DAY], "where do people queue?")
    list(exports.batches("visits", [DAY], WHY))
    assert audit(admin) == [
        ("tester", "export", {"day": str(DAY)}),
        ("reader", "read-export", {"table": "paths", "days": [str(DAY)], "purpose": "where do people queue?"}),
        ("reader", "read-export", {"table": "visits", "days": [str(DAY)], "purpose": WHY}),
    ]


@pytest.mark.parametrize("purpose", ["", "  "])
def test_nobody_reads_an_export_without_a_purpose(exports: Exports, purpose: str) -> None:
    with pytest.raises(BadInput, match="purpose"):
        exports.dataset("paths", [DAY], purpose)


def test_without_an_audit_nothing_is_exported(filled: Store, objects: FolderStore) -> None:
    """The role `ingest` may not write the audit."""
    with pytest.raises(Exception, match="audit"):
        export_day(DAY, filled, objects, "tester")
    assert objects.keys("") == []


def test_a_day_that_is_not_there_is_refused_with_the_reason(
    exports: Exports, read: Store, objects: FolderStore, admin: Store
) -> None:
    with pytest.raises(NotFound, match="mall export 2026-11-21"):
        exports.dataset("paths", [DAY, DAY + timedelta(days=1)], WHY)
    with pytest.raises(BadInput, match="no table 'people2'"):
        exports.dataset("people2", [DAY], WHY)
    with pytest.raises(NotFound, match="nothing of 2026-11-21"):
        export_day(DAY + timedelta(days=1), read, objects, "tester")
    with admin.connection() as connection:
        connection.execute("insert into retention (moved_before) values (%s)", [DAY + timedelta(days=1)])
    with pytest.raises(BadWindow, match="moved aside"):
        export_day(DAY, read, objects, "tester")


def test_the_days_that_are_over_and_loaded(filled: Store, read: Store) -> None:
    with read.connection() as connection:
        assert export.days(connection, TEN) == []
        assert export.days(connection, TEN + timedelta(days=1)) == [DAY]


def test_reading_needs_little_memory_however_large_the_day_is(exports: Exports, objects: FolderStore) -> None:
    found = files.find(objects, DAY)
    assert found is not None
    part = pq.read_table(objects.root / found.files["positions"].key).slice(0, 100)
    large = pa.concat_tables([part] * (40 * ROWS // 100))
    pq.write_table(large, objects.root / found.files["positions"].key, row_group_size=ROWS)
    size, rows = large.nbytes, large.num_rows
    del large
    before, most, seen = pa.total_allocated_bytes(), 0, 0
    for batch in exports.batches("positions", [DAY], WHY):
        seen += batch.num_rows
        most = max(most, pa.total_allocated_bytes() - before)
    assert seen == rows
    assert most < size / 4


def test_a_damaged_file_is_not_read(exports: Exports, objects: FolderStore) -> None:
    found = files.find(objects, DAY)
    assert found is not None
    path = objects.root / found.files["paths"].key
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(OSError, match=r"CRC|checksum"):
        table(exports, "paths")


def test_an_export_in_s3_is_read_in_parts(filled: Store, read: Store, object_store: ObjectStore) -> None:
    export_day(DAY, read, object_store, "tester")
    exports = Exports(object_store, read, "reader")
    assert exports.days() == [DAY]
    blue = exports.dataset("people", [DAY], WHY).to_table(columns=["shirt"], filter=pa.compute.field("shirt") == "blue")
    assert blue.num_rows == 3
