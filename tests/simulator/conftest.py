from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.simulator import Simulated, simulate

START = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """Two cameras, eight people, 7.2 seconds."""
    folder: Path = tmp_path_factory.mktemp("mall")
    return simulate(folder, cameras=2, people=8, minutes=0.12, seed=4, start=START)
