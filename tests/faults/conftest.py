"""A database server that bears being killed, and a film of a small mall."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cluster.embedded.postgres import PostgresServer
from pipelines.simulator import Simulated, simulate
from tests.faults.course import CAMERAS, SECONDS, START


@pytest.fixture(scope="session")
def durable() -> Iterator[PostgresServer]:
    """It forgets nothing when it is killed, only when the power fails; that of other tests may forget its last commits."""
    with TemporaryDirectory(prefix="mall-faults-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        server = PostgresServer(Path(name) / "postgres", {"fsync": "off", "full_page_writes": "off"})
        try:
            server.start()
            yield server
        finally:
            server.remove()


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    folder = tmp_path_factory.mktemp("film")
    return simulate(folder, cameras=CAMERAS, people=4, minutes=SECONDS / 60, seed=3, start=START)
