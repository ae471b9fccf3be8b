"""What an extraction needs from the settings: the way into the Ray cluster, and the resources its workers are handed."""

import logging
import os
import socket

from cluster.embedded.ray_head import client_environment
from cluster.settings import Settings
from models.world.errors import NotInstalled
from pipelines.flow import Resources
from pipelines.guard import DecodeLimits
from pipelines.looking import Rate
from pipelines.objects import ObjectStore

_PATIENCE_S = 5.0


def connect(settings: Settings) -> None:
    """Join the Ray cluster of the settings; does nothing inside a Ray job, which has joined already.

    Raises NotInstalled when the cluster does not answer.
    """
    os.environ.update(client_environment(settings.ray_token_file))  # Ray reads the token's place when it is imported.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # Its core writes to the person's terminal otherwise.
    import ray

    if ray.is_initialized():
        return
    address = settings.ray_address or "auto"
    try:
        if settings.ray_address:
            _knock(settings.ray_address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError) as error:
        raise NotInstalled(
            f"no Ray cluster answers at {address} ({error}); start the services with: mall up"
        ) from error


def _knock(address: str) -> None:
    """Raise OSError if nobody listens there: `ray.init` alone would hang for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    socket.create_connection((host, int(port)), timeout=_PATIENCE_S).close()


def resources(settings: Settings) -> Resources:
    """What the workers of an extraction are handed. Raises NotInstalled before `mall up`."""
    return Resources(
        objects=ObjectStore(settings.objects()),
        database_dsn=settings.needed("database_ingest"),
        detector=settings.detector,
        reidentification=settings.reidentification,
        rate=Rate(settings.sample_fps, settings.longest_step_s, settings.empty_step_s),
        decode=DecodeLimits(memory_mb=settings.decode_memory_mb, stall_s=settings.decode_stall_s),
        lease_s=settings.lease_s,
    )
