"""Writing a day: read hour by hour, a file at a time, however many people there were; run again, it is written once."""

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from models.world.errors import StoreUnavailable
from models.world.periods import Window, site_hours, utc_day
from pipelines.export import files
from pipelines.export.files import Export, File
from pipelines.export.tables import SCHEMAS, arrow
from pipelines.objects import Objects, sha256_of
from sql import audit, export
from sql.store import Store

ROWS = 65_536
"""The most rows in memory at once, and in a row group."""
ATTEMPTS = 3


def export_day(day: date, store: Store, objects: Objects, who: str) -> tuple[Export, bool]:
    """Put the UTC day into the object store; what is exported, and whether it was written now.

    A day that has not changed since its last export is left as it is. The store is of the role `read`: reading everybody's
    paths leaves an audit row, before anything is read. Raises NotFound and BadWindow for a day that is not at hand,
    Busy while somebody else exports it, StoreUnavailable if it is loaded anew all the time.
    """
    with export.alone(store, day):
        for _ in range(ATTEMPTS):
            state, before = _state(store, day), files.find(objects, day)
            if before is not None and before.state == state:
                return before, False
            _note(store, day, who)
            with tempfile.TemporaryDirectory(prefix="mall-export-") as folder:
                written = {table: _write(Path(folder), table, day, state, store) for table in SCHEMAS}
                if _state(store, day) == state:
                    return _put(Export(day, state, written), Path(folder), objects), True
    raise StoreUnavailable(f"{day} was loaded anew while it was read, {ATTEMPTS} times; export it again later")


def changed(store: Store, objects: Objects, today: date) -> list[date]:
    """The days before `today`, loaded and at hand, whose export is not there or no longer theirs."""
    with store.connection() as connection:
        days = export.days(connection, utc_day(today).start)
    return [day for day in days if (known := files.find(objects, day)) is None or known.state != _state(store, day)]


def _state(store: Store, day: date) -> str:
    with store.connection() as connection:
        return export.state(connection, day)


def _note(store: Store, day: date, who: str) -> None:
    with store.connection(read_only=False) as connection:
        audit.record(connection, who, "export", None, {"day": str(day)}, "answered", "-")


def _write(folder: Path, table: str, day: date, state: str, store: Store) -> File:
    """A local file of one table."""
    path, rows = folder / f"{table}.parquet", 0
    with pq.ParquetWriter(path, SCHEMAS[table], compression="zstd", write_page_checksum=True) as writer:
        for part in _parts(table, day, store):
            writer.write_table(part, row_group_size=ROWS)
            rows += part.num_rows
    return File(f"{files.folder(table, day)}{state}.parquet", rows, path.stat().st_size, sha256_of(path))


def _parts(table: str, day: date, store: Store) -> Iterator[pa.Table]:
    for window in _windows(table, day):
        with store.connection() as connection:
            for rows in export.rows(connection, table, window, ROWS):
                yield arrow(table, rows)


def _windows(table: str, day: date) -> list[Window]:
    """People are of the whole day; what has a time is read by the hour."""
    return [utc_day(day)] if table == "people" else site_hours(utc_day(day))


def _put(export: Export, folder: Path, objects: Objects) -> Export:
    for table, file in export.files.items():
        objects.put_file(file.key, folder / f"{table}.parquet", file.sha256)
    files.publish(objects, export)
    return export
