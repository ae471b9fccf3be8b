"""Orders in memory: wishes for extraction that a test moves on, look by look."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from models.world.errors import NotRecorded
from models.world.periods import Window, clip
from serve.logic.standing import Standing
from sql.figures import Figures
from sql.jobs import Job
from sql.requests import Progress, Queue, Quote, Request

ORDERED_AT = datetime(2026, 11, 24, 18, tzinfo=UTC)


@dataclass
class MemoryOrders:
    """Requests and jobs without a database. `script` holds what happens before each look at a job, in order."""

    requests: dict[uuid.UUID, Request] = field(default_factory=dict)
    waiting: dict[uuid.UUID, Job] = field(default_factory=dict)
    callbacks: dict[uuid.UUID, Mapping[str, str] | None] = field(default_factory=dict)
    done_s: dict[uuid.UUID, float] = field(default_factory=dict)
    script: list[Callable[["MemoryOrders"], None]] = field(default_factory=list)
    rate: float | None = None
    loading: float | None = None
    alive: int = 1
    at: datetime = ORDERED_AT
    failure: Exception | None = None
    recorded: Mapping[str, Sequence[Window]] | None = None
    """The files of each camera; None: whatever is missing is one file."""

    def quote(self, missing: Mapping[str, Sequence[Window]]) -> Quote:
        parts = [(camera, window) for camera, windows in missing.items() for window in windows]
        if self.recorded is not None:
            files = [(camera, one) for camera, windows in self.recorded.items() for one in windows]
            parts = [(camera, one) for camera, one in files if clip(missing.get(camera, []), one)]
        if not parts:
            raise NotRecorded("the video is gone")
        span = Window(min(window.start for _, window in parts), max(window.end for _, window in parts))
        segments = tuple(uuid.uuid5(uuid.NAMESPACE_OID, f"{camera} {window}") for camera, window in parts)
        return Quote(segments, span, sum(window.seconds for _, window in parts))

    def is_wanted(self, quote: Quote) -> bool:
        return self._active(quote) is not None

    def place(
        self, quote: Quote, question: str, inputs: Mapping[str, object], who: str, callback: Mapping[str, str] | None
    ) -> Job:
        request = self._active(quote) or self._request(quote)
        job = Job(uuid.uuid4(), request, question, dict(inputs), who, self.at, None)
        self.waiting[job.job_id] = job
        self.callbacks[job.job_id] = callback
        return job

    def standing(self, job_id: uuid.UUID) -> Standing | None:
        if self.failure:
            raise self.failure
        if job_id in self.waiting and self.script:
            self.script.pop(0)(self)
        return self._standing(job_id) if job_id in self.waiting else None

    def standings(self, who: str | None, limit: int) -> list[Standing]:
        mine = [job_id for job_id, job in self.waiting.items() if who in (None, job.who)]
        return [self._standing(job_id) for job_id in reversed(mine)][:limit]

    def dismiss(self, job_id: uuid.UUID) -> None:
        job = self.waiting[job_id] = replace(self.waiting[job_id], dismissed_at=self.at)
        same = [other for other in self.waiting.values() if other.request.request_id == job.request.request_id]
        if all(other.dismissed_at for other in same):
            self.change(state="dismissed", finished_at=self.at, request=job.request.request_id)

    def queue(self) -> Queue:
        accepted = [one for one in self.requests.values() if one.state == "accepted"]
        running = sum(one.state == "running" for one in self.requests.values())
        return Queue(len(accepted), running, 12.0 if accepted else 0.0, sum(one.camera_s for one in accepted))

    def figures(self) -> Figures:
        if self.failure:
            raise self.failure
        return Figures({"accepted": len(self.waiting)}, {"done": 3}, {"done": 5400.0}, self.queue(), None)

    def handlers(self) -> int:
        return self.alive

    def change(self, request: uuid.UUID | None = None, **fields: object) -> None:
        """Move the request on; the newest one unless one is named."""
        key = request or list(self.requests)[-1]
        self.requests[key] = replace(self.requests[key], **fields)  # type: ignore[arg-type]

    def run(self, share: float, after_s: float = 0.0) -> None:
        """The newest request is running, with so much of it done so many seconds after it began."""
        request = list(self.requests.values())[-1]
        self.change(state="running", started_at=ORDERED_AT)
        self.done_s[request.request_id] = share * request.camera_s
        self.at = ORDERED_AT + timedelta(seconds=after_s)

    def succeed(self) -> None:
        self.run(1.0)
        self.change(state="successful", finished_at=self.at)

    def fail(self, reason: str) -> None:
        self.change(state="failed", finished_at=self.at, reason=reason)

    def _active(self, quote: Quote) -> Request | None:
        wanted = set(quote.segment_ids)
        return next((one for one in self.requests.values() if one.is_active and set(one.segment_ids) == wanted), None)

    def _request(self, quote: Quote) -> Request:
        key = uuid.uuid4()
        fresh = (quote.window, quote.camera_s, "accepted", 0, 0, 0, None, self.at, None, None, None, None)
        self.requests[key] = Request(key, quote.segment_ids, *fresh)
        return self.requests[key]

    def _standing(self, job_id: uuid.UUID) -> Standing:
        job = self.waiting[job_id]
        request = self.requests[job.request.request_id]
        done_s, many = self.done_s.get(request.request_id, 0.0), len(request.segment_ids)
        finished = many if done_s >= request.camera_s else 0
        progress = Progress(request.camera_s, done_s, many, finished, 0)
        return Standing(replace(job, request=request), progress, self.rate, self.loading, self.alive, self.at)
