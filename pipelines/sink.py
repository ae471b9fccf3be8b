"""The end of extraction: a segment's result goes to the object store, then the ledger names it.

Writing comes first and under a prefix that no other attempt shares, so a worker may die at any moment: what is not
named does not exist. Writing twice is writing once.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from models.world.errors import LeaseLost, StoreUnavailable
from pipelines import raw
from pipelines.objects import Objects
from pipelines.steps import FAILED, SUSPECT, Row
from sql import ledger
from sql.ledger import Claim
from sql.store import Store

log = logging.getLogger(__name__)
QUARANTINED = "quarantined"


@dataclass(frozen=True)
class Result:
    """What became of a segment: `done`; `failed` or `quarantined` (with the reason); `suspect`: its decoder was lost, it is
    still claimed; `lost`: another worker has taken it over.
    """

    segment_id: UUID
    state: str
    reason: str = ""
    tracklets: int = 0


def write(row: Row, objects: Objects, store: Store) -> Result:
    """Store one segment's result and close its row in the ledger."""
    claim = claim_of(row)
    if row["error"]:
        return _close_without(row, claim, store)
    prefix = prefix_of(row)
    put(row, prefix, objects)
    tracklets = raw.from_parquet(row["tracklets"], raw.TRACKLETS).num_rows
    sightings = raw.from_parquet(row["sightings"], raw.SIGHTINGS).num_rows
    try:
        with store.connection() as connection:
            ledger.finish_extraction(connection, claim, prefix, tracklets, sightings, row["pictures"])
    except LeaseLost as error:
        log.warning("the result of segment %s is dropped: %s", claim.segment_id, error)
        return Result(claim.segment_id, "lost", str(error))
    return Result(claim.segment_id, "done", tracklets=tracklets)


def _close_without(row: Row, claim: Claim, store: Store) -> Result:
    """End a segment that has no result; a suspect stays claimed, so that it can be tried alone."""
    reason, verdict = row["error"], row["verdict"]
    log.warning("segment %s of camera %s is %s: %s", claim.segment_id, row["camera_id"], verdict, reason)
    if verdict == SUSPECT:
        return Result(claim.segment_id, SUSPECT, reason)
    with store.connection() as connection:
        if verdict == FAILED:
            ledger.fail_extraction(connection, claim, reason)
        else:
            ledger.quarantine(connection, claim, verdict)
    return Result(claim.segment_id, FAILED if verdict == FAILED else QUARANTINED, reason)


def claim_of(row: Row) -> Claim:
    """The claim under which the row is worked on."""
    return Claim(UUID(row["segment_id"]), row["extractor"], int(row["epoch"]))


class ProgressNotes:
    """Notes in the ledger, every few seconds, how much of a row's video is done; connects when first told.

    A store that is away is no reason to stop: the next note tells more.
    """

    def __init__(self, database_dsn: str, every_s: float = 3.0) -> None:
        self._dsn, self._every_s = database_dsn, every_s
        self._segment, self._noted_at = "", 0.0

    @cached_property
    def _store(self) -> Store:
        return Store(self._dsn, role="ingest", size=1)

    def __call__(self, row: Row, progress_s: float) -> None:
        """So many seconds of the row's video are done."""
        now = time.monotonic()
        if row["segment_id"] != self._segment:
            self._segment, self._noted_at = row["segment_id"], now
        if now - self._noted_at < self._every_s:
            return
        self._noted_at = now
        try:
            with self._store.connection() as connection:
                ledger.progress(connection, claim_of(row), progress_s)
        except StoreUnavailable as error:
            log.warning("progress of segment %s is not noted: %s", row["segment_id"], error)

    def close(self) -> None:
        """Give the connection back, if there is one."""
        if "_store" in vars(self):
            self._store.close()


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
