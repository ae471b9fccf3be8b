"""The two ledgers: who works on what, and what is done.

Every claim raises the row's epoch and sets a lease. Only the claimant of the last epoch can finish, so a worker that
was thought dead and comes back (a zombie) changes nothing: its result is never named. A claimant whose lease has run
out, but whose work nobody has taken over, may still finish.

A segment that cannot be extracted is quarantined, with one of the reasons below: nobody takes it again unless told to,
and once its hour is loaded it is a gap in the coverage.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.world.errors import LeaseLost
from models.world.periods import HOUR, Window
from models.world.places import Segment
from sql.store import Connection
from sql.text import statement
from sql.videos import segment_of

CORRUPT, DELETED, KILLS_ITS_WORKER, NOT_CALIBRATED = "corrupt", "deleted", "kills-its-worker", "not-calibrated"
"""Why a segment is quarantined: unreadable; its file is gone; its workers died of it; its camera cannot place people."""


@dataclass(frozen=True)
class Claim:
    """The right to extract one segment with one extractor version."""

    segment_id: uuid.UUID
    extractor: str
    epoch: int


@dataclass(frozen=True)
class Winner:
    """A finished extraction: its result lies under `prefix` in the object store."""

    segment: Segment
    extractor: str
    epoch: int
    prefix: str


@dataclass(frozen=True)
class Quarantined:
    """A segment that an extractor version could not extract, and why."""

    segment: Segment
    extractor: str
    reason: str


@dataclass(frozen=True)
class LoadClaim:
    """The right to load one hour of a site."""

    site: str
    hour: datetime
    epoch: int

    @property
    def window(self) -> Window:
        """The hour."""
        return Window(self.hour, self.hour + HOUR)


def claim_extractions(
    connection: Connection,
    segment_ids: Sequence[uuid.UUID],
    extractor: str,
    owner: str,
    lease_s: float,
    *,
    again: bool = False,
) -> list[Claim]:
    """Take those of the segments that are neither done nor leased by somebody else; failed ones are taken again.

    Quarantined ones are taken only with `again`, and their deaths forgotten. Commit before working: a claim is not
    visible to others before.
    """
    asked = {
        "segment_ids": sorted(segment_ids),
        "extractor": extractor,
        "owner": owner,
        "lease": timedelta(seconds=lease_s),
        "again": again,
    }
    rows = connection.execute(statement("ledger/claim-extractions"), asked)
    return [Claim(segment_id, extractor, epoch) for segment_id, epoch in rows]


def renew(connection: Connection, claims: Sequence[Claim], lease_s: float) -> list[Claim]:
    """Prolong the leases; gives those claims that are still ours. Drop the work on the others."""
    asked = {**_keys(claims), "lease": timedelta(seconds=lease_s)}
    kept = {(row[0], row[1]) for row in connection.execute(statement("ledger/renew-extractions"), asked)}
    return [claim for claim in claims if (claim.segment_id, claim.extractor) in kept]


def finish_extraction(
    connection: Connection, claim: Claim, prefix: str, tracklets: int, sightings: int, pictures: int | None = None
) -> None:
    """Name the result; doing so twice is doing so once. Raises LeaseLost when somebody else has taken over."""
    result = {**_key(claim), "prefix": prefix, "tracklets": tracklets, "sightings": sightings, "pictures": pictures}
    if connection.execute(statement("ledger/finish-extraction"), result).fetchone() is None:
        raise LeaseLost(
            f"segment {claim.segment_id} was claimed by another worker after epoch {claim.epoch}; drop this result"
        )


def fail_extraction(connection: Connection, claim: Claim, reason: str) -> None:
    """Note why the segment could not be extracted, and give it back. Does nothing when somebody else has taken over."""
    connection.execute(statement("ledger/fail-extraction"), {**_key(claim), "reason": reason})


def progress(connection: Connection, claim: Claim, progress_s: float) -> None:
    """Note how many seconds of the segment's video are done. Does nothing when somebody else has taken over."""
    connection.execute(statement("ledger/progress"), {**_key(claim), "progress_s": progress_s})


def running_s(connection: Connection, claims: Sequence[Claim]) -> float:
    """Seconds of video that are done in those of the claims that are still ours and unfinished."""
    row = connection.execute(statement("ledger/running-seconds"), _keys(claims)).fetchone()
    assert row is not None
    return float(row[0])


def note_death(connection: Connection, claim: Claim) -> int:
    """Count that the worker died of the segment, and give it back; how often it did in all.

    0, and nothing is counted, when the segment was finished or somebody else has taken over.
    """
    row = connection.execute(statement("ledger/note-death"), _key(claim)).fetchone()
    return 0 if row is None else int(row[0])


def quarantine(connection: Connection, claim: Claim, reason: str) -> None:
    """Give the segment up, for one of the reasons above. Does nothing when somebody else has taken over."""
    connection.execute(statement("ledger/quarantine"), {**_key(claim), "reason": reason})


def winners(connection: Connection, window: Window, extractor: str | None = None) -> list[Winner]:
    """The finished extractions of the segments that touch the window, by camera and start.

    Of each segment the one of `extractor`, or the one finished last.
    """
    asked = {"start": window.start, "end": window.end, "extractor": extractor}
    rows = connection.execute(statement("ledger/winners"), asked)
    return [Winner(segment_of(row[3:]), row[0], row[1], row[2]) for row in rows]


def quarantined(connection: Connection, window: Window, extractor: str | None = None) -> list[Quarantined]:
    """The segments that touch the window and were given up, by camera and start.

    By `extractor`; without one, those that no version has a result for, with the reason given last.
    """
    asked = {"start": window.start, "end": window.end, "extractor": extractor}
    rows = connection.execute(statement("ledger/quarantined"), asked)
    return [Quarantined(segment_of(row[2:]), row[0], row[1]) for row in rows]


def failures(connection: Connection, window: Window, extractor: str) -> dict[uuid.UUID, str]:
    """The segments that touch the window and could not be extracted, quarantined or not, with the reason."""
    asked = {"start": window.start, "end": window.end, "extractor": extractor}
    return dict(connection.execute(statement("ledger/failures"), asked).fetchall())


def failed_reasons(connection: Connection, segment_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Why some of the segments (three at most, the latest) could not be extracted by now; quarantined ones not among them."""
    return dict(connection.execute(statement("ledger/failed-reasons"), {"segment_ids": list(segment_ids)}).fetchall())


def claim_load(connection: Connection, site: str, hour: datetime, owner: str, lease_s: float) -> LoadClaim | None:
    """Take the hour (a full UTC hour) for loading, or None while somebody else holds it; a loaded hour is taken again.

    Makes the partitions that the hour needs. Commit before working: a claim is not visible to others before.
    """
    asked = {"site": site, "hour": hour, "owner": owner, "lease": timedelta(seconds=lease_s)}
    connection.execute(statement("ledger/ensure-partitions"), {"start": hour, "end": hour + HOUR})
    row = connection.execute(statement("ledger/claim-load"), asked).fetchone()
    return None if row is None else LoadClaim(site, hour, row[0])


def _key(claim: Claim) -> dict[str, object]:
    return {"segment_id": claim.segment_id, "extractor": claim.extractor, "epoch": claim.epoch}


def _keys(claims: Sequence[Claim]) -> dict[str, object]:
    return {
        "segment_ids": [claim.segment_id for claim in claims],
        "extractors": [claim.extractor for claim in claims],
        "epochs": [claim.epoch for claim in claims],
    }
