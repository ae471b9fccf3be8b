"""The wiring: from its arguments to the application, on Ray Serve (`build`) or any ASGI server (`application`)."""

from functools import partial
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from fastapi import FastAPI
    from ray.serve import Application


class ServeArgs(BaseModel):
    """What the application needs to know; it reads no environment."""

    database_read: str = Field(repr=False, description="DSN of the read login; it holds a password")
    min_group: int = Field(5, ge=1, description="smallest group of people shown in aggregates (k)")
    pool_size: int = Field(4, ge=1, description="connections of each replica")
    statement_timeout_s: float = Field(30.0, gt=0, description="longest time one statement may take")
    replicas: int = Field(1, ge=1, description="replicas of the deployment")
    max_ongoing_requests: int = Field(32, ge=1, description="requests that one replica works on at once")


def build(args: ServeArgs) -> "Application":
    """The application for `ray.serve.run`; also for a Serve config file (`import_path: serve.app:build`)."""
    from ray.serve import Deployment

    from serve.replica import Questions

    deployment = cast(Deployment, Questions)
    sized = deployment.options(num_replicas=args.replicas, max_ongoing_requests=args.max_ongoing_requests)
    return sized.bind(partial(application, args))


def application(args: ServeArgs) -> "FastAPI":
    """The application itself: it opens its connections now and closes them on shutdown."""
    from serve.api import create
    from serve.logic.desk import QuestionDesk
    from serve.logic.records import StoredRecords
    from sql.catalogue import Catalogue
    from sql.store import Store

    pool = Store(args.database_read, role="read", size=args.pool_size, statement_timeout_s=args.statement_timeout_s)
    return create(QuestionDesk(StoredRecords(pool), Catalogue.load().questions, min_group=args.min_group))
