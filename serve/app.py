"""The Ray Serve application: `build(args)` wires the store, the question desk and the HTTP edge, in the replica."""

import logging
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, Field
from ray import serve as ray_serve

if TYPE_CHECKING:
    from fastapi import FastAPI

DEPLOYMENT = "questions"


class ServeArgs(BaseModel):
    """What the application needs to know; it reads no environment."""

    database_read: str = Field(repr=False, description="DSN of the read login; it holds a password")
    min_group: int = Field(5, ge=1, description="smallest group of people shown in aggregates (k)")
    pool_size: int = Field(4, ge=1, description="connections of each replica")
    statement_timeout_s: float = Field(30.0, gt=0, description="longest time one statement may take")
    replicas: int = Field(1, ge=1, description="replicas of the deployment")
    max_ongoing_requests: int = Field(32, ge=1, description="requests that one replica works on at once")


@ray_serve.deployment(name=DEPLOYMENT, ray_actor_options={"num_cpus": 0})
@ray_serve.ingress()
class Questions:
    """One replica: a pool of read connections and the HTTP application over it."""

    def __init__(self, args: ServeArgs) -> None:
        _log_as_json()
        self._args = args

    def __serve_build_asgi_app__(self) -> "FastAPI":
        """Ray calls this after the constructor."""
        return application(self._args)


def build(args: ServeArgs) -> ray_serve.Application:
    """The application for `ray.serve.run`; also usable from a Serve config file (`import_path: serve.app:build`)."""
    deployment = cast(ray_serve.Deployment, Questions)
    sized = deployment.options(num_replicas=args.replicas, max_ongoing_requests=args.max_ongoing_requests)
    return sized.bind(args)


def application(args: ServeArgs) -> "FastAPI":
    """The same application without Ray, for any ASGI server; it opens its connections now and closes them on shutdown."""
    from serve.api import create
    from serve.logic.desk import QuestionDesk
    from serve.logic.records import StoredRecords
    from sql.catalogue import Catalogue
    from sql.store import Store

    pool = Store(
        args.database_read,
        role="read",
        size=args.pool_size,
        statement_timeout_s=args.statement_timeout_s,
    )
    return create(QuestionDesk(StoredRecords(pool), Catalogue.load().questions, min_group=args.min_group))


def _log_as_json() -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
