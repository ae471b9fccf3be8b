"""The known mall of the store's tests, for commands, and one installation of everything that `mall up` starts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.embedded import services
from cluster.settings import Settings, write_state
from tests.sql.conftest import filled

__all__ = ["filled"]


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its state folder: nothing runs yet. More than half a camera-minute is a large request, and leases are short."""
    home = tmp_path_factory.mktemp("mall")
    write_state(home, {"warm_camera_minutes": 0.5, "lease_s": 10.0})
    yield home
    services.down(Settings.load(home))
