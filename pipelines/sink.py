"""The end of extraction: a segment's result goes to the object store, then the ledger names it.

Writing comes first and under a prefix that no other attempt shares, so a worker may die at any moment: what is not
named does not exist. Writing twice is writing once.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.world.errors import LeaseLost
from pipelines import raw
from pipelines.objects import Objects
from pipelines.steps import Row
from sql import ledger
from sql.ledger import Claim
from sql.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What became of a segment: `done`, `failed` (with the reason) or `lost` (another worker has taken it over)."""

    segment_id: UUID
    state: str
    reason: str = ""
    tracklets: int = 0


def write(row: Row, objects: Objects, store: Store) -> Result:
    """Store one segment's result and close its row in the ledger."""
    claim = Claim(UUID(row["segment_id"]), row["extractor"], int(row["epoch"]))
    if row["error"]:
        with store.connection() as connection:
            ledger.fail_extraction(connection, claim, row["error"])
        log.warning("segment %s of camera %s failed: %s", claim.segment_id, row["camera_id"], row["error"])
        return Result(claim.segment_id, "failed", row["error"])
    prefix = prefix_of(row)
    put(row, prefix, objects)
    tracklets = raw.from_parquet(row["tracklets"], raw.TRACKLETS).num_rows
    sightings = raw.from_parquet(row["sightings"], raw.SIGHTINGS).num_rows
    try:
        with store.connection() as connection:
            ledger.finish_extraction(connection, claim, prefix, tracklets, sightings)
    except LeaseLost as error:
        log.warning("the result of segment %s is dropped: %s", claim.segment_id, error)
        return Result(claim.segment_id, "lost", str(error))
    return Result(claim.segment_id, "done", tracklets=tracklets)


def prefix_of(row: Row) -> str:
    """Where the row's result lies."""
    day = datetime.fromisoformat(row["start"]).date().isoformat()
    return raw.prefix(row["camera_id"], day, row["segment_id"], row["extractor"], int(row["epoch"]))


def put(row: Row, prefix: str, objects: Objects) -> None:
    """Store the row's tables and crops; nothing names them yet."""
    for name, content in zip(row["crop_names"], row["crops"], strict=True):
        objects.put_bytes(prefix + name, content)
    objects.put_bytes(prefix + raw.SIGHTINGS_FILE, row["sightings"])
    objects.put_bytes(prefix + raw.TRACKLETS_FILE, row["tracklets"])


def datasink(objects: Objects, database_dsn: str) -> Any:
    """The same as a Ray Data sink: each write task stores the segments of its blocks, however many and however often."""
    from ray.data import Datasink

    class SegmentDatasink(Datasink[list[Result]]):
        """`write` is called by Ray Data in worker processes, `on_write_complete` in the driver."""

        results: list[Result] | None = None

        def write(self, blocks: Iterable[Any], ctx: object) -> list[Result]:  # noqa: ARG002
            """Store the segments of the blocks (Arrow tables)."""
            rows = [row for block in blocks for row in block.to_pylist()]
            if not rows:
                return []
            with Store(database_dsn, role="ingest", size=1) as store:
                return [write(row, objects, store) for row in rows]

        def on_write_complete(self, write_result: Any) -> None:
            """Keep what became of the segments."""
            self.results = [result for part in write_result.write_returns for result in part]

        @property
        def supports_distributed_writes(self) -> bool:
            """The object store and the database can be reached from every node."""
            return True

    return SegmentDatasink()
