"""How a job stands: done and to do, when it will probably end, and one sentence for whoever waits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sql.jobs import Job
from sql.requests import Progress

ENDED = ("successful", "failed", "dismissed")
PRIOR_SHARE = 0.03
"""The speed of lately finished requests counts as much as this share of the request's own work."""
STARTING_UP = 2
"""The pace since the beginning, start-up included, counts as much as this many recordings that ended after the first: so
many are worked on at once, and may end together."""


@dataclass(frozen=True)
class Standing:
    """A job at the moment `at`.

    `rate` is in seconds of video per second, of lately finished requests; `loading` in seconds per second of video, of
    lately loaded hours; `handlers` says how many are alive.
    """

    job: Job
    progress: Progress
    rate: float | None
    loading: float | None
    handlers: int
    at: datetime

    @property
    def state(self) -> str:
        """One of accepted, running, successful, failed and dismissed."""
        return self.job.state

    @property
    def has_ended(self) -> bool:
        """Whether it will not change any more."""
        return self.state in ENDED

    @property
    def started_at(self) -> datetime | None:
        """When its extraction began; not before the job itself was there."""
        started = self.job.request.started_at
        return None if started is None else max(started, self.job.created_at)

    @property
    def finished_at(self) -> datetime | None:
        """When it ended, however it did."""
        if not self.has_ended:
            return None
        return self.job.dismissed_at or self.job.request.finished_at

    @property
    def percent(self) -> int:
        """What is done, 0 to 100; 100 only when the answer is there, because the hours are still loaded after extraction."""
        if self.state == "successful":
            return 100
        whole = self.progress.camera_s
        return min(99, int(100 * self.progress.camera_s_done / whole)) if whole > 0 else 0

    @property
    def left(self) -> timedelta | None:
        """How long it will probably take yet; None when it has ended, or nothing is known about the speed.

        What is left to extract, by the pace of the recordings that ended after the first one, and so without what had to
        be started up; while these are few, by the pace since the first was begun, in which the pace of lately finished
        requests counts like `PRIOR_SHARE` of the work. Then loading, as long as it lately took. What waits before it is
        not counted.
        """
        if self.has_ended:
            return None
        to_do_s = max(0.0, self.progress.camera_s - self.progress.camera_s_done)
        pace = self._pace()
        if pace is not None:
            return timedelta(seconds=to_do_s * pace + self._loading_s())
        return timedelta(seconds=to_do_s / self.rate) if self.rate else None

    def _pace(self) -> float | None:
        """Seconds of extraction per second of video; None before there is a pace of its own."""
        whole, ends = self._pace_since_begun(), self.progress.ends
        if whole is None or ends is None or not ends.camera_s:
            return whole
        since_first = (ends.last_at - ends.first_at).total_seconds() / ends.camera_s
        return (ends.segments * since_first + STARTING_UP * whole) / (ends.segments + STARTING_UP)

    def _pace_since_begun(self) -> float | None:
        own_s = self.progress.camera_s_done - self.progress.camera_s_before
        began = self.progress.begun_at or self.job.request.started_at
        if self.state != "running" or began is None or own_s <= 0:
            return None
        prior_s = PRIOR_SHARE * self.progress.camera_s if self.rate else 0.0
        took_s = ((self.progress.extracted_at or self.at) - began).total_seconds()
        return (took_s + prior_s / (self.rate or 1.0)) / (own_s + prior_s)

    def _loading_s(self) -> float:
        """How long loading will yet take."""
        whole_s = (self.loading or 0.0) * self.progress.camera_s
        extracted_at = self.progress.extracted_at
        return whole_s if extracted_at is None else max(0.0, whole_s - (self.at - extracted_at).total_seconds())

    @property
    def message(self) -> str:
        """One sentence for whoever waits."""
        return _MESSAGES[self.state](self)


def _accepted(standing: Standing) -> str:
    if standing.handlers == 0:
        return "waiting, but nothing that extracts is alive; see /readyz, and start it: mall up"
    if standing.job.request.reason:
        return f"waiting to be tried again; last time: {standing.job.request.reason}"
    return "waiting for its turn"


def _running(standing: Standing) -> str:
    progress = standing.progress
    if standing.handlers == 0:
        return "what extracts has gone away; it goes on when it is back: mall up"
    if progress.is_complete:
        return "all video is extracted; the hours are being loaded"
    return f"{progress.segments_done} of {progress.segments} recordings are extracted"


def _successful(standing: Standing) -> str:
    lost = standing.progress.quarantined
    return "the answer is ready" + (f"; {lost} recordings could not be used and are gaps in it" if lost else "")


def _failed(standing: Standing) -> str:
    return standing.job.request.reason or "the extraction failed"


def _dismissed(_: Standing) -> str:
    return "dismissed"


_MESSAGES: Mapping[str, Callable[[Standing], str]] = {
    "accepted": _accepted,
    "running": _running,
    "successful": _successful,
    "failed": _failed,
    "dismissed": _dismissed,
}
