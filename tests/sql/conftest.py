"""A filled mall, loaded by the production roles."""

import pytest

from sql.store import Store
from tests.sql import mall


@pytest.fixture
def filled(admin: Store, ingest: Store) -> Store:
    """The ingest store after the known mall was loaded."""
    mall.fill(admin, ingest)
    return ingest
