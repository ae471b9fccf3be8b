"""Reading exported days, a little at a time, with an audit row for every look."""

from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa
import pyarrow.dataset as ds

from models.world.errors import BadInput, NotFound
from pipelines.export import files
from pipelines.export.files import Export
from pipelines.export.tables import SCHEMAS
from pipelines.objects import Objects
from sql import audit
from sql.store import Store

_CHECKED = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
)


class Exports:
    """The exported days of a mall. `store` is of the role `read`, `who` is named in the audit."""

    def __init__(self, objects: Objects, store: Store, who: str) -> None:
        self._objects, self._store, self._who = objects, store, who

    def days(self) -> list[date]:
        """The UTC days that are exported, in order."""
        return files.days(self._objects)

    def dataset(self, table: str, days: Iterable[date], purpose: str) -> ds.Dataset:
        """The table over these days: for pandas, DuckDB or `to_batches`, all of which read only the columns and rows they need.

        The purpose is kept in the audit. Raises BadInput without one and for an unknown table, NotFound for a day that is
        not exported.
        """
        wanted = sorted(set(days))
        if table not in SCHEMAS:
            raise BadInput(f"there is no table {table!r} in an export; there are: {', '.join(SCHEMAS)}")
        if not purpose.strip():
            raise BadInput("exports hold the ways of single people: say what they are read for (purpose)")
        keys = [self._export(day).files[table].key for day in wanted]
        self._note(table, wanted, purpose)
        return ds.dataset(keys, schema=SCHEMAS[table], filesystem=self._objects.filesystem(), format=_CHECKED)

    def batches(self, table: str, days: Iterable[date], purpose: str) -> Iterator[pa.RecordBatch]:
        """The rows in order of time, with no more than a few parts of one file in memory at a time."""
        found = self.dataset(table, days, purpose)
        yield from found.to_batches(batch_readahead=1, fragment_readahead=1, use_threads=False)

    def _export(self, day: date) -> Export:
        found = files.find(self._objects, day)
        if found is None:
            raise NotFound(f"{day} is not exported; export it with: mall export {day}")
        return found

    def _note(self, table: str, days: list[date], purpose: str) -> None:
        inputs = {"table": table, "days": [str(day) for day in days], "purpose": purpose[:200]}
        with self._store.connection(read_only=False) as connection:
            audit.record(connection, self._who, "read-export", None, inputs, "answered", "-")
