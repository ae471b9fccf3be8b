"""The wiring: from its arguments to the application, on Ray Serve (`build`) or any ASGI server (`application`)."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from fastapi import FastAPI
    from ray.serve import Application

    from serve.api.readiness import Probe

SPARE_REQUESTS = 100
"""What Ray Serve lets through beyond what the application takes on, so that the application itself refuses, and at once."""
DRAIN_S = 30.0
"""How long a stopping replica waits for open requests; longer than an event stream lives."""


class ServeArgs(BaseModel):
    """What the application needs to know; it reads no environment."""

    database_read: str = Field(repr=False, description="DSN of the read login; it holds a password")
    min_group: int = Field(5, ge=1, description="smallest group of people shown in aggregates (k)")
    pool_size: int = Field(4, ge=1, description="connections of each replica")
    statement_timeout_s: float = Field(30.0, gt=0, description="longest time one statement may take")
    replicas: int = Field(1, ge=1, description="replicas of the deployment")
    max_ongoing_requests: int = Field(32, ge=1, le=40, description="requests that one replica works on at once")
    downloads: int = Field(4, ge=1, description="answers of any length that one replica sends at once")
    max_streams: int = Field(200, ge=0, description="event streams that one replica keeps open at once")
    budget_camera_hours: float = Field(200.0, gt=0, description="most video that one question may have extracted")
    max_queued_requests: int = Field(100, ge=1, description="most extraction requests that may wait")
    figures_every_s: float = Field(15.0, ge=0, description="how often /metrics may ask the store for its sums")
    s3_endpoint: str | None = Field(None, description="URL of the S3 server, for /readyz")


def build(args: ServeArgs) -> "Application":
    """The application for `ray.serve.run`; also for a Serve config file (`import_path: serve.app:build`)."""
    from ray.serve import Deployment

    from serve.replica import Questions

    deployment = cast(Deployment, Questions)
    sized = deployment.options(
        num_replicas=args.replicas,
        max_ongoing_requests=args.max_ongoing_requests + args.max_streams + SPARE_REQUESTS,
        graceful_shutdown_timeout_s=DRAIN_S,
    )
    return sized.bind(partial(application, args))


def application(args: ServeArgs, more_probes: "Mapping[str, Probe] | None" = None) -> "FastAPI":
    """The application itself: it opens its connections now and closes them on shutdown.

    `more_probes` are those of the server that it runs in, for `/readyz`.
    """
    from serve.api import Manners, create
    from serve.api.metrics import Metrics
    from serve.api.readiness import probes
    from serve.logic.desk import QuestionDesk
    from serve.logic.jobs import JobDesk
    from serve.logic.orders import StoredOrders
    from serve.logic.records import StoredRecords
    from sql.catalogue import Catalogue
    from sql.store import Store

    pool = Store(args.database_read, role="read", size=args.pool_size, statement_timeout_s=args.statement_timeout_s)
    lasting = Store(args.database_read, role="read", size=args.downloads, statement_timeout_s=args.statement_timeout_s)
    records, orders = StoredRecords(pool, lasting), StoredOrders(pool)
    metrics = Metrics(orders.figures, args.figures_every_s)
    desk = QuestionDesk(records, Catalogue.load().questions, min_group=args.min_group, observe=metrics.observe)
    jobs = JobDesk(desk, orders, budget_camera_hours=args.budget_camera_hours, max_queued=args.max_queued_requests)
    looked_at = {**probes(records, orders, args.s3_endpoint), **(more_probes or {})}
    return create(jobs, metrics, looked_at, Manners(args.max_ongoing_requests, args.max_streams))
