"""One replica of the application on Ray Serve; the only module here that needs Ray."""

from collections.abc import Callable, Mapping

import ray
from fastapi import FastAPI
from ray import serve as ray_serve

from serve.api.readiness import Probe
from serve.logs import log_as_json


@ray_serve.deployment(name="questions", ray_actor_options={"num_cpus": 0})
@ray_serve.ingress()
class Questions:
    """A pool of read connections and the HTTP application over it; both live as long as the replica."""

    def __init__(self, application: Callable[[Mapping[str, Probe]], FastAPI]) -> None:
        log_as_json()
        self._application = application

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Ray calls this after the constructor, and runs the application's shutdown at the end."""
        return self._application({"ray": _cluster})


def _cluster() -> str:
    """How many CPUs the cluster has; asked of its head, which may be away although this replica still runs."""
    resources: Mapping[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return f"{resources.get('CPU', 0):g} CPUs"
