"""Hours with segments that were given up; what their results hold does not matter here, so results are empty."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pytest

from models.world.periods import Window
from models.world.places import Segment
from pipelines import raw
from pipelines.flow import Resources
from pipelines.load import is_stale, load_hour, read_tracklets
from pipelines.objects import FolderStore, ObjectStore
from sql import coverage, ledger, sites, videos
from sql.coverage import CameraCoverage, Unusable
from sql.ledger import Claim, Winner
from sql.store import Store
from tests.conftest import Database
from tests.sql import mall
from tests.sql.mall import SITE, TEN

HALF = timedelta(minutes=30)
FIRST, SECOND = Window(TEN, TEN + HALF), Window(TEN + HALF, TEN + 2 * HALF)
HOUR = Window(TEN, TEN + 2 * HALF)
V1, V2 = "v1", "v2"


@pytest.fixture
def resources(object_store: ObjectStore, database: Database) -> Resources:
    return Resources(object_store, database.ingest_dsn, lease_s=60.0)


@pytest.fixture
def recorded(admin: Store, ingest: Store) -> tuple[Segment, Segment]:
    """Two files of one camera, the second one reaching ten minutes into the next hour."""
    files = (mall.segment("cam1", TEN, 30), mall.segment("cam1", TEN + HALF, 40))
    with admin.connection() as connection:
        sites.save(connection, SITE)
    with ingest.connection() as connection:
        for file in files:
            videos.add(connection, file)
    return files


def claim(store: Store, segment: Segment, extractor: str = V1, *, again: bool = False) -> Claim:
    with store.connection() as connection:
        (held,) = ledger.claim_extractions(connection, [segment.segment_id], extractor, "worker", 60, again=again)
    return held


def give_up(store: Store, segment: Segment, reason: str = ledger.CORRUPT, *, again: bool = False) -> None:
    held = claim(store, segment, again=again)
    with store.connection() as connection:
        ledger.quarantine(connection, held, reason)


def finish(store: Store, resources: Resources, segment: Segment, extractor: str = V1, *, again: bool = False) -> None:
    held = claim(store, segment, extractor, again=again)
    prefix = f"raw/{held.segment_id}/{extractor}/e{held.epoch}/"
    for name, schema in ((raw.SIGHTINGS_FILE, raw.SIGHTINGS), (raw.TRACKLETS_FILE, raw.TRACKLETS)):
        resources.objects.put_bytes(prefix + name, raw.to_parquet(schema.empty_table()))
    with store.connection() as connection:
        ledger.finish_extraction(connection, held, prefix, 0, 0)


def loaded(store: Store, resources: Resources, window: Window = HOUR) -> CameraCoverage:
    """What is covered after the hour was loaded, which leaves nothing stale."""
    assert is_stale(window.start, store)
    assert load_hour(window.start, SITE, resources, store, "loader") == 0
    assert not is_stale(window.start, store)
    with store.connection() as connection:
        (camera,) = coverage.read(connection, window)
    return camera


def test_a_segment_given_up_is_a_gap_of_its_loaded_hours(
    ingest: Store, resources: Resources, recorded: tuple[Segment, Segment]
) -> None:
    finish(ingest, resources, recorded[0])
    give_up(ingest, recorded[1])
    camera = loaded(ingest, resources)
    assert (camera.covered, camera.gaps, camera.missing) == ([FIRST], [Unusable(SECOND, "corrupt")], [])
    assert camera.extractors == {V1}
    rest = Window(HOUR.end, recorded[1].window.end)
    assert loaded(ingest, resources, Window(HOUR.end, HOUR.end + 2 * HALF)).gaps == [Unusable(rest, "corrupt")]


def test_an_hour_of_nothing_but_gaps_is_loaded(
    ingest: Store, resources: Resources, recorded: tuple[Segment, Segment]
) -> None:
    give_up(ingest, recorded[0], ledger.DELETED)
    give_up(ingest, recorded[1], ledger.KILLS_ITS_WORKER)
    camera = loaded(ingest, resources)
    assert camera.gaps == [Unusable(FIRST, "deleted"), Unusable(SECOND, "kills-its-worker")]
    assert (camera.covered, camera.missing, camera.extractors) == ([], [], set())


def test_a_segment_not_given_up_yet_is_missing_and_its_hour_not_stale(
    ingest: Store, resources: Resources, recorded: tuple[Segment, Segment]
) -> None:
    give_up(ingest, recorded[0])
    assert loaded(ingest, resources).missing == [SECOND]


def test_an_hour_is_stale_when_another_segment_is_given_up_after_its_load(
    ingest: Store, resources: Resources, recorded: tuple[Segment, Segment]
) -> None:
    finish(ingest, resources, recorded[0])
    assert loaded(ingest, resources).missing == [SECOND]
    give_up(ingest, recorded[1])
    assert loaded(ingest, resources).missing == []


def test_a_gap_that_is_extracted_after_all_is_covered(
    ingest: Store, resources: Resources, recorded: tuple[Segment, Segment]
) -> None:
    for segment in recorded:
        give_up(ingest, segment)
    assert loaded(ingest, resources).gaps == [Unusable(HOUR, "corrupt")]
    finish(ingest, resources, recorded[0], again=True)
    camera = loaded(ingest, resources)
    assert (camera.covered, camera.gaps) == ([FIRST], [Unusable(SECOND, "corrupt")])


def test_a_gap_with_another_reason_makes_the_hour_stale(
    ingest: Store, resources: Resources, recorded: tuple[Segment, Segment]
) -> None:
    give_up(ingest, recorded[0])
    loaded(ingest, resources)
    give_up(ingest, recorded[0], ledger.DELETED, again=True)
    assert loaded(ingest, resources).gaps == [Unusable(FIRST, "deleted")]


def test_what_only_a_newer_version_gave_up_stays_covered_by_the_older(
    ingest: Store, resources: Resources, recorded: tuple[Segment, Segment]
) -> None:
    finish(ingest, resources, recorded[0], V1)
    loaded(ingest, resources)
    held = claim(ingest, recorded[0], V2)
    with ingest.connection() as connection:
        ledger.quarantine(connection, held, ledger.CORRUPT)
    assert not is_stale(TEN, ingest)
    load_hour(TEN, SITE, resources, ingest, "loader")
    with ingest.connection() as connection:
        (camera,) = coverage.read(connection, HOUR)
    assert (camera.covered, camera.gaps) == ([FIRST], [])


def test_a_gap_that_a_newer_version_can_read_is_covered(
    ingest: Store, resources: Resources, recorded: tuple[Segment, Segment]
) -> None:
    give_up(ingest, recorded[0])
    loaded(ingest, resources)
    finish(ingest, resources, recorded[0], V2)
    assert loaded(ingest, resources).covered == [FIRST]


def test_tracklets_know_when_their_recording_was(tmp_path: Path) -> None:
    recording = mall.segment("cam1", TEN, 30)
    sighting = {
        "tracklet": 0,
        "frame": 3,
        "taken_at_s": FIRST.start_s + 3,
        "left": 1.0,
        "top": 1.0,
        "width": 9.0,
        "height": 30.0,
    }
    one = {"tracklet": 0, "tracklet_id": str(UUID(int=5)), "first_seen_s": 0.0, "last_seen_s": 9.0, "evidence": "{}"}
    objects = FolderStore(tmp_path)
    for name, schema, row in (
        (raw.SIGHTINGS_FILE, raw.SIGHTINGS, {**sighting, "x_m": 1.0, "y_m": 2.0, "confidence": 0.9}),
        (raw.TRACKLETS_FILE, raw.TRACKLETS, one),
    ):
        objects.put_bytes(f"raw/{name}", raw.to_parquet(pa.Table.from_pylist([row], schema)))
    (tracklet,) = read_tracklets(Winner(recording, V1, 1, "raw/"), objects)
    assert tracklet.recorded_s == (FIRST.start_s, FIRST.end_s)
