"""The extraction request handler on Ray Serve: a deployment without a route, which Serve starts again when it dies."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from serve.logs import log_as_json

if TYPE_CHECKING:
    from ray.serve import Application

    from cluster.settings import Settings
    from pipelines.worker import Handler

DRAIN_S = 40.0
"""How long a stopping handler has to give back what it works on."""
APP = "handler"


class HandlerArgs(BaseModel):
    """What the handler needs to know; it reads no environment. `settings` are those of the installation, as variables."""

    settings: Mapping[str, str] = Field(repr=False, description="variables with passwords, as `mall env` prints them")


def build(args: HandlerArgs) -> "Application":
    """The application for `ray.serve.run`; give it no route."""
    from ray import serve as ray_serve

    deployed = ray_serve.deployment(
        name=APP,
        num_replicas=1,
        ray_actor_options={"num_cpus": 0},
        graceful_shutdown_timeout_s=DRAIN_S,
        health_check_period_s=5,
    )
    return deployed(HandlerReplica).bind(dict(args.settings))


class HandlerReplica:
    """One handler; its threads live as long as the replica."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        log_as_json()
        self._handler = make(variables)
        self._handler.start()

    def check_health(self) -> None:
        """Raises when a part of the handler has ended; Serve then starts another replica."""
        self._handler.check()

    def __del__(self) -> None:
        """Serve calls this when the replica is to end."""
        self._handler.stop()


def make(variables: Mapping[str, str]) -> "Handler":
    """The handler that these variables describe, not started yet. Raises NotInstalled if what it needs is not there."""
    from cluster import extraction
    from cluster.jobs import RayJobs
    from cluster.settings import Settings
    from pipelines.warm import Warm
    from pipelines.webhooks import Courier
    from pipelines.worker import Handler, Terms

    settings = Settings.of(variables)
    resources = extraction.resources(settings)
    return Handler(
        resources,
        partial(Warm, resources),
        RayJobs(settings.needed("ray_dashboard"), variables),
        Courier(settings.needed("webhook_secret"), private=settings.webhook_private),
        Terms(warm_camera_s=60 * settings.warm_camera_minutes, stall_s=settings.stall_s),
        daily_work(settings),
    )


def daily_work(settings: "Settings") -> Callable[[date], bool] | None:
    """What the handler does once a day; None where nobody wants it."""
    if not settings.retention:
        return None
    from pipelines.objects import ObjectStore
    from pipelines.retention import daily

    objects = ObjectStore(settings.objects())
    return partial(daily, settings.needed("database_ingest"), settings.needed("database_read"), objects)
