"""A filled mall and one with video only, by the production roles."""

import uuid
from datetime import timedelta

import pytest

from sql import sites, videos
from sql.store import Store
from tests.sql import mall


@pytest.fixture
def filled(admin: Store, ingest: Store) -> Store:
    """The ingest store after the known mall was loaded."""
    mall.fill(admin, ingest)
    return ingest


@pytest.fixture
def segments(admin: Store, ingest: Store) -> list[uuid.UUID]:
    """Recorded, nothing extracted: half an hour of cam1 at 10:00, another at 10:30, and half an hour of cam2 at 10:00."""
    recorded = [mall.segment("cam1"), mall.segment("cam1", mall.TEN + timedelta(minutes=30)), mall.segment("cam2")]
    with admin.connection() as connection:
        sites.save(connection, mall.SITE)
    with ingest.connection() as connection:
        for segment in recorded:
            assert videos.add(connection, segment)
    return [segment.segment_id for segment in recorded]
