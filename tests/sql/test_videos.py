from dataclasses import replace
from datetime import timedelta

import pytest

from models.world.errors import OverlappingSegment, UnknownCamera
from models.world.periods import Window
from sql import coverage, sites, videos
from sql.store import Store
from tests.sql import mall
from tests.sql.mall import SITE, TEN


@pytest.fixture
def site(admin: Store) -> None:
    with admin.connection() as connection:
        sites.save(connection, SITE)


def test_the_same_file_twice_is_one_segment(site: None, ingest: Store) -> None:
    with ingest.connection() as connection:
        assert videos.add(connection, mall.segment())
        assert not videos.add(connection, mall.segment())
        assert videos.segments(connection, Window(TEN, TEN + timedelta(hours=1))) == [mall.segment()]


def test_two_files_at_the_same_time_of_one_camera_are_refused(site: None, ingest: Store) -> None:
    with ingest.connection() as connection:
        videos.add(connection, mall.segment())
        with pytest.raises(OverlappingSegment, match="cam1 has already recorded 2026-11-20T10:00:00"):
            videos.add(connection, mall.segment(start=TEN + timedelta(minutes=29), content="b"))
        with pytest.raises(OverlappingSegment):
            videos.add(connection, mall.segment(content="b"))
        assert len(videos.segments(connection, Window(TEN, TEN + timedelta(hours=1)))) == 1


def test_files_may_touch_and_other_cameras_may_film_at_the_same_time(site: None, ingest: Store) -> None:
    with ingest.connection() as connection:
        assert videos.add(connection, mall.segment())
        assert videos.add(connection, mall.segment(start=TEN + timedelta(minutes=30)))
        assert videos.add(connection, mall.segment("cam2"))


def test_a_file_of_an_unknown_camera_is_refused(site: None, ingest: Store) -> None:
    for name in ("cam9", "cam1'; drop table segment; --"):
        with ingest.connection() as connection, pytest.raises(UnknownCamera):
            videos.add(connection, replace(mall.segment(), camera_id=name))


def test_segments_are_found_by_window_and_camera(site: None, ingest: Store) -> None:
    half = timedelta(minutes=30)
    recorded = [mall.segment("cam1"), mall.segment("cam1", TEN + half), mall.segment("cam2")]
    with ingest.connection() as connection:
        for segment in recorded:
            videos.add(connection, segment)
        assert videos.segments(connection, Window(TEN, TEN + half)) == [recorded[0], recorded[2]]
        assert videos.segments(connection, Window(TEN, TEN + 2 * half), ["cam1"]) == recorded[:2]
        assert videos.segments(connection, Window(TEN, TEN + half), []) == []


def test_what_is_recorded_but_not_loaded_is_missing(site: None, ingest: Store, read: Store) -> None:
    with ingest.connection() as connection:
        videos.add(connection, mall.segment("cam1"))
        videos.add(connection, mall.segment("cam1", TEN + timedelta(hours=1), 10))
    mall.load(ingest, TEN)
    with read.connection() as connection:
        (seen,) = coverage.read(connection, Window(TEN, TEN + timedelta(hours=3)), ["cam1"])
    late = Window(TEN + timedelta(minutes=60), TEN + timedelta(minutes=70))
    assert seen.recorded == [mall.segment().window, late]
    assert seen.covered == [Window(TEN, TEN + timedelta(hours=1))]
    assert seen.missing == [late]
