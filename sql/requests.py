"""Requests: durable wishes for the extraction of segments, worked on by one handler at a time.

Equal wishes are one request while it is active (accepted, leased or running). A claim raises the request's epoch and
sets a lease; only the claimant of the last epoch can start, renew, give back or end it, so a handler that was thought
dead and comes back changes nothing. Whatever ends or starts a request writes the notifications of its jobs in the
same transaction. The role `read` may quote, want and look; the rest needs `ingest`.
"""

import hashlib
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models.world.errors import NotRecorded
from models.world.periods import Window
from sql.store import Connection
from sql.text import statement

ACTIVE = frozenset({"accepted", "leased", "running"})
"""The states in which somebody works on a request, or will."""


@dataclass(frozen=True)
class Request:
    """A wish for the extraction of segments that span `window`, `camera_s` seconds of video in all.

    `attempts` counts how often it was given back since it last got on, `reason` says why the last time, or why it failed.
    """

    request_id: uuid.UUID
    segment_ids: tuple[uuid.UUID, ...]
    window: Window
    camera_s: float
    state: str
    priority: int
    epoch: int
    attempts: int
    reason: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    runner: str | None
    submission_id: str | None

    @property
    def is_active(self) -> bool:
        """Whether it has not ended yet."""
        return self.state in ACTIVE


@dataclass(frozen=True)
class RequestClaim:
    """The right to work on a request. The request is as it was when claimed."""

    request: Request
    epoch: int


@dataclass(frozen=True)
class Ends:
    """The segments that ended since their request started: when the first and the last did.

    `segments` ended after the first one, with `camera_s` seconds of video: they show the pace without what had to be
    started up before the first.
    """

    first_at: datetime
    last_at: datetime
    segments: int
    camera_s: float


@dataclass(frozen=True)
class Progress:
    """How far a request is, by the ledger: seconds of video and segments, done of all.

    `camera_s_done` counts quarantined segments too, nothing is left to do in them; `segments_done` counts those with a
    result. `camera_s_before` of it were done before the request started: no part of its own speed. `begun_at` is when
    its first segment was begun; `ends` are those that ended since; `extracted_at` is when the last one did, after which
    the hours are loaded. None before that.
    """

    camera_s: float
    camera_s_done: float
    segments: int
    segments_done: int
    quarantined: int
    camera_s_before: float = 0.0
    begun_at: datetime | None = None
    ends: Ends | None = None
    extracted_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to extract; the hours may still have to be loaded."""
        return self.segments_done + self.quarantined == self.segments


@dataclass(frozen=True)
class Quote:
    """What would have to be extracted: whole segments, the time they span and the seconds of video in them."""

    segment_ids: tuple[uuid.UUID, ...]
    window: Window
    camera_s: float

    @property
    def fingerprint(self) -> str:
        """SHA-256, hex, of the sorted segment ids: equal for equal wishes."""
        return hashlib.sha256("\n".join(map(str, sorted(self.segment_ids))).encode()).hexdigest()


@dataclass(frozen=True)
class Queue:
    """What waits (`accepted`) and is worked on (`running`), the oldest wait in seconds, seconds of video in both."""

    accepted: int
    running: int
    oldest_s: float
    camera_s: float


def quote(connection: Connection, missing: Mapping[str, Sequence[Window]]) -> Quote:
    """The segments that overlap the missing windows of each camera. Raises NotRecorded when there are none (any more)."""
    parts = [(camera, window) for camera, windows in missing.items() for window in windows]
    asked = {
        "camera_ids": [camera for camera, _ in parts],
        "starts": [window.start for _, window in parts],
        "ends": [window.end for _, window in parts],
    }
    found = [(row[0], Window(row[1], row[2])) for row in connection.execute(statement("requests/quote"), asked)]
    if not found:
        raise NotRecorded("there is no video to extract in the missing windows; it may just have been deleted")
    windows = [window for _, window in found]
    span = Window(min(window.start for window in windows), max(window.end for window in windows))
    return Quote(tuple(segment_id for segment_id, _ in found), span, sum(window.seconds for window in windows))


def want(connection: Connection, quote: Quote, *, priority: int = 0) -> Request:
    """The active request for these segments, or a new one; an active one becomes as urgent as the most urgent wish.

    The request cannot end before the transaction does: subscribe to it in the same one. Whoever needs it should
    subscribe, because the last subscriber's dismissal ends it.
    """
    wish = {
        "fingerprint": quote.fingerprint,
        "segment_ids": list(quote.segment_ids),
        "start": quote.window.start,
        "end": quote.window.end,
        "camera_s": quote.camera_s,
        "priority": priority,
    }
    row = connection.execute(statement("requests/want"), wish).fetchone()
    assert row is not None
    return _found(connection, row[0])


def is_active(connection: Connection, quote: Quote) -> bool:
    """Whether somebody wants the same already, so that wanting it is joining them."""
    row = connection.execute(statement("requests/is-active"), {"fingerprint": quote.fingerprint}).fetchone()
    return row is not None and bool(row[0])


def find(connection: Connection, request_id: uuid.UUID) -> Request | None:
    """The request as it is now."""
    row = connection.execute(statement("requests/find"), {"request_id": request_id}).fetchone()
    return None if row is None else request_of(row)


def claim(
    connection: Connection, owner: str, lease_s: float, *, more_than_s: float = 0.0, at_most_s: float = math.inf
) -> RequestClaim | None:
    """Take the most urgent request that waits or whose claimant's lease has run out; None if there is none.

    Only those with more than `more_than_s` seconds of video and at most `at_most_s`. Two claimants at the same moment
    never get the same. Commit before working: a claim is not visible to others before.
    """
    return _claim(connection, None, owner, lease_s, more_than_s, at_most_s)


def claim_one(connection: Connection, request_id: uuid.UUID, owner: str, lease_s: float) -> RequestClaim | None:
    """The same for one request: None unless it waits for a claimant, and its time has come."""
    return _claim(connection, request_id, owner, lease_s, 0.0, math.inf)


def is_urgent(connection: Connection, *, above: int, handler_within_s: float = 60.0) -> bool:
    """Whether a request of higher priority is worked on, or could be, because a handler was alive lately."""
    asked = {"above": above, "within": timedelta(seconds=handler_within_s)}
    row = connection.execute(statement("requests/is-urgent"), asked).fetchone()
    return row is not None and bool(row[0])


def start(connection: Connection, claim: RequestClaim, runner: str, submission_id: str | None) -> bool:
    """Note how it is worked on (plain, warm, or ray with the job's submission id) and tell the jobs; False if no longer ours."""
    how = {**_key(claim), "runner": runner, "submission_id": submission_id}
    return _changed(connection, "start", how) and _announce(connection, claim, "running")


def renew(connection: Connection, claim: RequestClaim, lease_s: float) -> bool:
    """Prolong the lease. False when it was lost, or dismissed: stop the work."""
    return _changed(connection, "renew", {**_key(claim), "lease": timedelta(seconds=lease_s)})


def succeed(connection: Connection, claim: RequestClaim) -> bool:
    """All is extracted and loaded: end it and tell the jobs; False if no longer ours."""
    return _finish(connection, claim, "successful", None)


def give_back(
    connection: Connection,
    claim: RequestClaim,
    reason: str,
    *,
    retry_after_s: float,
    counted: bool = True,
    got_on: bool = False,
) -> bool:
    """Let it be tried again after so many seconds, and count the attempt, unless the request had no part in its end.

    With `got_on`, counting begins anew. False if no longer ours.
    """
    why = {**_key(claim), "reason": reason, "retry_after": timedelta(seconds=retry_after_s)}
    return _changed(connection, "give-back", {**why, "counted": counted, "got_on": got_on})


def fail(connection: Connection, claim: RequestClaim, reason: str) -> bool:
    """End it for good and tell the jobs why; False if no longer ours."""
    return _finish(connection, claim, "failed", reason)


def left_behind(connection: Connection, for_longer_than_s: float, limit: int = 100) -> dict[uuid.UUID, str]:
    """The requests dismissed so long ago whose job nobody has ended since, with the job's name: their handler is dead."""
    asked = {"for_longer_than": timedelta(seconds=for_longer_than_s), "limit": limit}
    return dict(connection.execute(statement("requests/left-behind"), asked).fetchall())


def forget_job(connection: Connection, request_id: uuid.UUID) -> None:
    """The job of a dismissed request has ended: nobody need look for it."""
    connection.execute(statement("requests/forget-job"), {"request_id": request_id})


def prune(connection: Connection, older_than: timedelta, limit: int = 1000) -> int:
    """Forget the requests that ended so long ago, a week at least, with their jobs and notifications.

    How many there were; at most `limit`.
    """
    row = connection.execute(statement("requests/prune"), {"older_than": older_than, "limit": limit}).fetchone()
    return int(row[0]) if row else 0


def progress(connection: Connection, request_id: uuid.UUID) -> Progress:
    """How far the request is, by what the ledger knows of its segments; segments deleted meanwhile do not count."""
    row = connection.execute(statement("requests/progress"), {"request_id": request_id}).fetchone()
    assert row is not None
    camera_s, done_s, before_s, segments, segments_done, quarantined, begun_at, *ended, extracted_at = row
    ends = _ends(*ended)
    return Progress(camera_s, done_s, segments, segments_done, quarantined, before_s, begun_at, ends, extracted_at)


def rates(connection: Connection) -> float | None:
    """Seconds of video extracted per second by lately successful requests; None before there were any."""
    row = connection.execute(statement("requests/rates")).fetchone()
    return None if row is None else row[0]


def loading_pace(connection: Connection) -> float | None:
    """Seconds that a second of video took to be loaded, in the latest hours; None before there were any."""
    row = connection.execute(statement("requests/loading-pace")).fetchone()
    return None if row is None else row[0]


def queue(connection: Connection) -> Queue:
    """What waits and is worked on now."""
    row = connection.execute(statement("requests/queue")).fetchone()
    assert row is not None
    return Queue(*row)


def request_of(row: Sequence[Any]) -> Request:
    """A request from the columns of requests/find.sql."""
    identity, segment_ids, starts_at, ends_at, *rest = row
    return Request(identity, tuple(segment_ids), Window(starts_at, ends_at), *rest)


def _ends(
    first_at: datetime | None, last_at: datetime | None, segments: int, camera_s: float, first_s: float
) -> Ends | None:
    if first_at is None or last_at is None:
        return None
    return Ends(first_at, last_at, segments - 1, camera_s - first_s)


def _found(connection: Connection, request_id: uuid.UUID) -> Request:
    found = find(connection, request_id)
    assert found is not None
    return found


def _claim(
    connection: Connection,
    request_id: uuid.UUID | None,
    owner: str,
    lease_s: float,
    more_than_s: float,
    at_most_s: float,
) -> RequestClaim | None:
    asked = {
        "request_id": request_id,
        "owner": owner,
        "lease": timedelta(seconds=lease_s),
        "more_than_s": more_than_s,
        "at_most_s": at_most_s,
    }
    row = connection.execute(statement("requests/claim"), asked).fetchone()
    if row is None:
        return None
    request = _found(connection, row[0])
    return RequestClaim(request, request.epoch)


def _finish(connection: Connection, claim: RequestClaim, state: str, reason: str | None) -> bool:
    end = {**_key(claim), "state": state, "reason": reason}
    return _changed(connection, "finish", end) and _announce(connection, claim, state)


def _announce(connection: Connection, claim: RequestClaim, event: str) -> bool:
    """A statement of its own: it sees jobs that were noted while the change waited for the row."""
    connection.execute(statement("requests/announce"), {"request_id": claim.request.request_id, "event": event})
    return True


def _changed(connection: Connection, change: str, values: Mapping[str, object]) -> bool:
    return connection.execute(statement(f"requests/{change}"), values).fetchone() is not None


def _key(claim: RequestClaim) -> dict[str, object]:
    return {"request_id": claim.request.request_id, "epoch": claim.epoch}
