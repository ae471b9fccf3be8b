"""One replica of the application on Ray Serve; the only module here that needs Ray."""

import logging
from collections.abc import Callable

import structlog
from fastapi import FastAPI
from ray import serve as ray_serve


@ray_serve.deployment(name="questions", ray_actor_options={"num_cpus": 0})
@ray_serve.ingress()
class Questions:
    """A pool of read connections and the HTTP application over it; both live as long as the replica."""

    def __init__(self, application: Callable[[], FastAPI]) -> None:
        _log_as_json()
        self._application = application

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Ray calls this after the constructor, and runs the application's shutdown at the end."""
        return self._application()


def _log_as_json() -> None:
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
