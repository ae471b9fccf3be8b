"""The whole HTTP application around one question desk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from serve.api import errors, pages, processes, questions, service, site
from serve.api.request_ids import RequestIds
from serve.logic.desk import QuestionDesk

TITLE = "Mall tracking"
DESCRIPTION = "How people move through the mall. A question is answered completely, or says exactly what is missing."


def create(desk: QuestionDesk) -> FastAPI:
    """The application; testable in memory through `httpx.ASGITransport`. On shutdown it closes the desk's records."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(desk.records.close)

    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version="1.0.0",
        license_info={"name": "AGPL-3.0-or-later"},
        docs_url=None,  # FastAPI's page loads its scripts from a CDN; `pages` has one of ours
        redoc_url=None,
        lifespan=lifespan,
        middleware=[
            Middleware(RequestIds, on_failure=errors.unexpected),
            Middleware(GZipMiddleware, minimum_size=2000),
        ],
    )
    app.state.desk = desk
    errors.install(app)
    for router in (
        pages.router,
        service.router,
        site.router,
        processes.routes(desk.questions),
        questions.routes(desk.questions),
    ):
        app.include_router(router)
    return app
