"""The whole HTTP application around one job desk."""

import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from serve.api import errors, events, jobs, metrics, processes, questions, readiness, service
from serve.api.back_pressure import BackPressure
from serve.api.events import Pace
from serve.api.metrics import Metrics
from serve.api.readiness import Probe
from serve.api.request_ids import RequestIds
from serve.logic.jobs import JobDesk

TITLE = "Mall tracking"
DESCRIPTION = "How people move through the mall. A question is answered completely, or says exactly what is missing."


@dataclass(frozen=True)
class Manners:
    """How the application bears itself: how much it takes on at once, the pace of its event streams, its patience.

    `probe_s` is how long each part may take to say that it is there.
    """

    requests: int = 32
    streams: int = 200
    pace: Pace = field(default_factory=Pace)
    probe_s: float = 3.0


def create(
    desk: JobDesk, figures: Metrics, probes: Mapping[str, Probe] | None = None, manners: Manners | None = None
) -> FastAPI:
    """The application; testable in memory through `httpx.ASGITransport`.

    On shutdown its event streams end, and it closes the desk's records.
    """
    manners = manners or Manners()
    stopping = threading.Event()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        stopping.set()
        await run_in_threadpool(desk.desk.records.close)

    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version="1.0.0",
        license_info={"name": "AGPL-3.0-or-later"},
        docs_url=None,  # FastAPI's page loads its scripts from a CDN; `service` has a page of ours
        redoc_url=None,
        lifespan=lifespan,
        middleware=[
            Middleware(RequestIds, on_failure=errors.unexpected),
            Middleware(BackPressure, requests=manners.requests, streams=manners.streams, on_refusal=errors.overloaded),
            Middleware(GZipMiddleware, minimum_size=2000),
        ],
    )
    app.state.jobs = desk
    app.state.metrics = figures
    app.state.probes = probes or {}
    app.state.manners = manners
    app.state.stopping = stopping
    errors.install(app)
    catalogue = desk.desk.questions
    for router in (
        service.router,
        readiness.router,
        metrics.router,
        processes.routes(catalogue),
        questions.routes(catalogue),
        jobs.router,
        events.router,
    ):
        app.include_router(router)
    return app
