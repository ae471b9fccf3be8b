"""One claimed request, from its start to its end.

It is worked on beside this: by a thread that hands its segments to warm actors, or by a job of its own on the cluster.
This only watches: renews the lease, looks at the ledger whether the work gets on, ends it when it is not wanted any
more or stalls. What has come of it is judged by the ledger alone, never by what the work says of itself.
"""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from models.world.errors import LeaseLost, MallError, NoCapacity, StoreUnavailable
from pipelines.extract import extract_request, is_loaded
from pipelines.flow import Resources
from pipelines.warm import Warm
from pipelines.work import Stop
from sql import ledger, requests, videos
from sql.requests import Progress, Request, RequestClaim
from sql.store import Store

BEAT_S = 2.0
"""The longest time between two looks at the work."""
ATTEMPTS = 5
FIRST_RETRY_S, LAST_RETRY_S = 5.0, 600.0
ENDING_S = 30.0
"""How long a thread that was told to end may take."""
DELETED_MEANWHILE = "all of its video was deleted before it could be extracted"
log = structlog.get_logger(__name__)


class JobRunner(Protocol):
    """Runs `mall extract --request ID` as a job of the cluster. All raise StoreUnavailable when it does not answer."""

    def submit(self, submission_id: str, request_id: uuid.UUID, epoch: int) -> None:
        """Start the job under this name; there may be one already. Raises NoCapacity if the cluster is too small."""

    def is_running(self, submission_id: str) -> bool:
        """Whether the job runs or waits to; False also if it is not known."""

    def stop(self, submission_id: str) -> None:
        """End the job; does nothing if it has ended."""

    def last_words(self, submission_id: str) -> str:
        """What the job said last: a hint for the reason of a failure."""


class Undertaking(Protocol):
    """How a request is being worked on."""

    @property
    def runner(self) -> str:
        """As in the store."""

    @property
    def submission_id(self) -> str | None:
        """The name of its job, if it is one."""

    def begin(self) -> None:
        """Raises NoCapacity."""

    def has_ended(self, within_s: float) -> bool:
        """Wait for the end; whether it has come."""

    def stop(self) -> None:
        """End it now."""

    def last_words(self) -> str:
        """Why it may have ended without success; empty if it did not say."""


class OnWarmActors:
    """A thread of this process hands the segments to warm actors."""

    runner, submission_id = "warm", None

    def __init__(self, resources: Resources, request: Request, actors: Warm) -> None:
        self._resources, self._request, self._actors = resources, request, actors
        self._stop, self._words = Stop(), ""
        self._thread = threading.Thread(target=self._work, name=f"request {request.request_id}", daemon=True)

    def begin(self) -> None:
        """Start the thread."""
        self._thread.start()

    def has_ended(self, within_s: float) -> bool:
        """Wait for the thread."""
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Kill the actors, which ends the thread soon."""
        self._stop.now()
        self._actors.stop()
        self._thread.join(ENDING_S)

    def last_words(self) -> str:
        """The error that ended the thread."""
        return self._words

    def _work(self) -> None:
        known = log.bind(request=str(self._request.request_id))
        try:
            extract_request(self._resources, self._request, self._actors, stop=self._stop)
        except LeaseLost as error:
            known.info("work stopped", reason=str(error))
        except MallError as error:
            self._words = str(error)
        except Exception as error:  # this is the worker's edge: whatever it is, the request must hear of it
            self._words = f"unexpected {type(error).__name__}: {error}"
            known.exception("work failed")


class AsJob:
    """A job of the cluster, which outlives this process."""

    runner = "ray"

    def __init__(self, claim: RequestClaim, jobs: JobRunner) -> None:
        self.submission_id = f"mall-{claim.request.request_id}-{claim.epoch}"
        self._claim, self._jobs, self._pause = claim, jobs, threading.Event()

    def begin(self) -> None:
        """Submit the job."""
        self._jobs.submit(self.submission_id, self._claim.request.request_id, self._claim.epoch)

    def has_ended(self, within_s: float) -> bool:
        """Ask for the job, now and after so many seconds. A cluster that does not answer says nothing about it."""
        self._pause.wait(within_s)
        try:
            return not self._jobs.is_running(self.submission_id)
        except StoreUnavailable:
            return False

    def stop(self) -> None:
        """Stop the job."""
        self._jobs.stop(self.submission_id)

    def last_words(self) -> str:
        """The end of its log."""
        return self._jobs.last_words(self.submission_id)


@dataclass(frozen=True)
class Hand:
    """Works on one claimed request at a time. `stall_s`: how long work may go without progress in the ledger."""

    resources: Resources
    store: Store
    actors: Callable[[], Warm]
    jobs: JobRunner
    warm_camera_s: float
    stall_s: float
    stopping: Callable[[], bool] = lambda: False

    def work_on(self, claim: RequestClaim) -> None:
        """Work on the request until it has ended, or is somebody else's. Raises StoreUnavailable."""
        known = log.bind(request=str(claim.request.request_id), epoch=claim.epoch)
        known.info("request claimed", camera_s=claim.request.camera_s, attempts=claim.request.attempts)
        work = self._undertaking(claim)
        try:
            ended_before = self._ended(claim)
            self._end_predecessor(claim.request)
            if not self._started(claim, work):
                known.info("request lost before it was started")
                return None
            work.begin()
        except NoCapacity as error:
            return self._fail(claim, str(error))
        except StoreUnavailable as error:
            return self._give_back(claim, str(error), counted=False)
        how = self._watch(claim, work)
        if how is None:
            self._judge(claim, work, ended_before)
        elif how:
            self._give_back(claim, how, counted=not self.stopping(), got_on=self._ended(claim) > ended_before)
        else:
            known.info("request lost or dismissed: its work was ended")
        return None

    def end_left_behind(self) -> None:
        """End the jobs of requests that were dismissed while their handler was dead. Raises StoreUnavailable."""
        with self.store.connection() as connection:
            left = requests.left_behind(connection, self.resources.lease_s)
        for request_id, submission_id in left.items():
            self.jobs.stop(submission_id)
            with self.store.connection() as connection:
                requests.forget_job(connection, request_id)
            log.info("job of a dismissed request ended", request=str(request_id), job=submission_id)

    def _undertaking(self, claim: RequestClaim) -> Undertaking:
        if claim.request.camera_s <= self.warm_camera_s:
            return OnWarmActors(self.resources, claim.request, self.actors())
        return AsJob(claim, self.jobs)

    def _end_predecessor(self, request: Request) -> None:
        """A handler that died may have left a job behind."""
        if request.submission_id is not None and self.jobs.is_running(request.submission_id):
            log.info("job of an earlier claim ended", request=str(request.request_id), job=request.submission_id)
            self.jobs.stop(request.submission_id)

    def _started(self, claim: RequestClaim, work: Undertaking) -> bool:
        with self.store.connection() as connection:
            return requests.start(connection, claim, work.runner, work.submission_id)

    def _watch(self, claim: RequestClaim, work: Undertaking) -> str | None:
        """None when the work has ended by itself; else it was ended here: why, or empty if the request is not ours."""
        seen, since = None, time.monotonic()
        beat_s = min(self.resources.lease_s / 4, BEAT_S)
        while not work.has_ended(beat_s):
            if self.stopping():
                work.stop()
                return "its handler was stopped"
            try:
                ours, now = self._look(claim)
            except StoreUnavailable as error:
                log.warning("the lease of a request was not renewed", error=str(error))
                continue
            if not ours:
                work.stop()
                return ""
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > self.stall_s:
                work.stop()
                return f"no progress for {self.stall_s:g} s, at {now.camera_s_done:.0f} of {now.camera_s:.0f} camera-seconds"
        return None

    def _look(self, claim: RequestClaim) -> tuple[bool, Progress]:
        with self.store.connection() as connection:
            ours = requests.renew(connection, claim, self.resources.lease_s)
            return ours, requests.progress(connection, claim.request.request_id)

    def _ended(self, claim: RequestClaim) -> int:
        """How many segments there is nothing left to do in."""
        with self.store.connection() as connection:
            now = requests.progress(connection, claim.request.request_id)
        return now.segments_done + now.quarantined

    def _judge(self, claim: RequestClaim, work: Undertaking, ended_before: int) -> None:
        """All of it done or given up, and loaded: then it was a success, whatever the work says."""
        known = log.bind(request=str(claim.request.request_id), epoch=claim.epoch)
        with self.store.connection() as connection:
            segments = videos.named(connection, claim.request.segment_ids)
            progress = requests.progress(connection, claim.request.request_id)
        if not segments:
            self._fail(claim, DELETED_MEANWHILE)
        elif progress.is_complete and is_loaded(segments, self.store):
            with self.store.connection() as connection:
                ours = requests.succeed(connection, claim)
            known.info("request ended", successful=ours, quarantined=progress.quarantined)
        else:
            reason = work.last_words() or self._failures(claim.request) or "its work ended before all was done"
            got_on = progress.segments_done + progress.quarantined > ended_before
            self._give_back(claim, reason, counted=self._can_work(), got_on=got_on)

    def _failures(self, request: Request) -> str:
        with self.store.connection() as connection:
            found = ledger.failed_reasons(connection, request.segment_ids)
        return "; ".join(f"segment {segment}: {reason}" for segment, reason in found.items())

    def _can_work(self) -> bool:
        """Whether the object store answers: while it does not, nothing is the request's fault."""
        try:
            self.resources.objects.exists(".there")
        except StoreUnavailable:
            return False
        return True

    def _give_back(self, claim: RequestClaim, reason: str, *, counted: bool, got_on: bool = False) -> None:
        earlier = 0 if got_on else claim.request.attempts
        if earlier + counted >= ATTEMPTS:
            return self._fail(claim, f"given up after {ATTEMPTS} attempts: {reason}")
        wait_s = 0.0 if self.stopping() else min(LAST_RETRY_S, FIRST_RETRY_S * 2**earlier)
        with self.store.connection() as connection:
            requests.give_back(connection, claim, reason, retry_after_s=wait_s, counted=counted, got_on=got_on)
        known = log.bind(request=str(claim.request.request_id), epoch=claim.epoch)
        known.warning("request given back", reason=reason, again_in_s=wait_s, counted=counted)
        return None

    def _fail(self, claim: RequestClaim, reason: str) -> None:
        with self.store.connection() as connection:
            requests.fail(connection, claim, reason)
        log.error("request failed", request=str(claim.request.request_id), epoch=claim.epoch, reason=reason)
