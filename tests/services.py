"""One S3 server and one Ray per run, started when the first test asks for them."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.embedded.ray_head import RayHead, client_environment
from cluster.embedded.seaweedfs import SeaweedServer
from pipelines.objects import ObjectStore

_numbers = itertools.count(1)
_RAY_FOLDER = Path(tempfile.gettempdir()) / f"mall-tests-ray-{os.getpid()}"
# Ray reads these when it is first imported, which any test module may do before the node is wanted.
os.environ.update(client_environment(_RAY_FOLDER / "token"))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[SeaweedServer]:
    """The run's S3 server."""
    with tempfile.TemporaryDirectory(prefix="mall-tests-s3-", ignore_cleanup_errors=True) as name:
        server = SeaweedServer(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def object_store(s3_server: SeaweedServer) -> ObjectStore:
    """An empty bucket of its own."""
    store = ObjectStore(s3_server.address(f"test{next(_numbers)}"))
    store.ensure_bucket()
    return store


@pytest.fixture(scope="session")
def ray_node() -> Iterator[RayHead]:
    """The run's Ray; this process is connected to it."""
    head = RayHead(_RAY_FOLDER, dashboard=False, cpus=2)
    head.start()
    import ray

    ray.init(address=head.address, log_to_driver=False)
    try:
        yield head
    finally:
        ray.shutdown()
        head.stop()
        shutil.rmtree(_RAY_FOLDER, ignore_errors=True)
