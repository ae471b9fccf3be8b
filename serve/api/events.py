"""A job's changes as they happen: Server-Sent Events (WHATWG HTML, 9.2)."""

import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from models.world.errors import StoreUnavailable
from serve.api.keys import Jobs, KnownCaller
from serve.logic.standing import Standing
from serve.presentation.jobs import Document, has_changed, job_document

router = APIRouter(tags=["jobs"])
MEDIA_TYPE = "text/event-stream"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}


@dataclass(frozen=True)
class Pace:
    """How often a stream looks, how long it stays silent, and how long it lives.

    A stream must end before a stopping server loses patience with open requests; the client comes back for the rest.
    """

    look_s: float = 0.5
    silent_s: float = 10.0
    longest_s: float = 25.0


@router.get("/jobs/{job_id}/events", summary="A job's changes as they happen", responses=_STREAM)
async def events(request: Request, job_id: str, jobs: Jobs, caller: KnownCaller) -> StreamingResponse:
    """One event `status` with the status info at once and after each change, a comment while nothing happens.

    The stream ends when the job has ended, and after a while otherwise: then ask again.
    """
    look = partial(jobs.standing, job_id, caller)
    first = await run_in_threadpool(look)  # what is refused is refused before the stream begins
    state = request.app.state
    pieces = changes(first, look, state.manners.pace, state.stopping)
    return StreamingResponse(pieces, media_type=MEDIA_TYPE, headers=_HEADERS)


async def changes(
    first: Standing, look: Callable[[], Standing], pace: Pace, stopping: threading.Event
) -> AsyncIterator[bytes]:
    """The stream's pieces, from what was seen first until the job has ended, the server stops or the time is up."""
    began = spoke = time.monotonic()
    standing, told = first, job_document(first)
    yield b"retry: 1000\n" + _event(told)
    while not (standing.has_ended or stopping.is_set() or time.monotonic() - began >= pace.longest_s):
        await anyio.sleep(pace.look_s)
        with suppress(StoreUnavailable):  # it may come back; until then the stream tells nothing new
            standing = await run_in_threadpool(look)
        seen = job_document(standing)
        if has_changed(told, seen):
            told, spoke = seen, time.monotonic()
            yield _event(told)
        elif time.monotonic() - spoke >= pace.silent_s:
            spoke = time.monotonic()
            yield b": nothing new\n\n"


def _event(document: Document) -> bytes:
    return b"event: status\ndata: " + json.dumps(document).encode() + b"\n\n"
