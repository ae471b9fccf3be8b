"""The whole of extraction on real PostGIS, S3 and (where it matters) Ray; the videos show rectangles."""

from __future__ import annotations  # annotations do not travel with a loader that goes to another process by value

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cluster.embedded.postgres import PostgresServer
from models.world.errors import NotRecorded, UnknownCamera
from models.world.periods import Window, from_epoch_s
from pipelines import flow, steps
from pipelines import sink as sinks
from pipelines.archive import StoredSegments
from pipelines.archive import ingest as archive
from pipelines.extract import Progress, extract, extractor_version
from pipelines.flow import Resources
from pipelines.objects import ObjectStore
from sql import coverage, ledger, sites, store, videos
from sql.ledger import Claim
from sql.store import Store
from tests.pipelines.blobs import blob_detector, blue_shirts, film
from tests.pipelines.hall import START_S, Hall, hall

# Ray Data warns of deprecations in its own modules when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")
SECONDS, PEOPLE = 14, 3
MINUTE = timedelta(minutes=1)
WINDOW = Window(from_epoch_s(START_S), from_epoch_s(START_S + SECONDS))
Mall = Callable[[], Resources]
TABLES = {
    "person": "day, person_id",
    "person_attributes": "person_id",
    "person_tracklet": "hour, tracklet_id",
    "person_location": "person_id, taken_at",
    "person_track": "person_id, starts_at",
    "coverage": "camera_id, starts_at",
}


@pytest.fixture(scope="module")
def scene() -> Hall:
    return hall(people=PEOPLE, cameras=2, seconds=SECONDS, seed=5)


@pytest.fixture(scope="module")
def footage(scene: Hall, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return film(scene, tmp_path_factory.mktemp("footage"), SECONDS)


@pytest.fixture
def another_mall(
    scene: Hall, footage: dict[str, Path], postgres: PostgresServer, migrated: str, object_store: ObjectStore
) -> Iterator[Mall]:
    """Makes malls with a video of each camera in the archive, each with a database of its own."""
    names = []

    def make() -> Resources:
        names.append(f"mall{len(names)}_{object_store.address.bucket}")
        dsns = store.make_logins(postgres.create_database(names[-1], template=migrated))
        with Store(dsns["admin"], role="admin", size=1) as admin, admin.connection() as connection:
            sites.save(connection, scene.site)
        made = Resources(
            object_store, dsns["ingest"], lease_s=5.0, load_detector=blob_detector(), load_describer=blue_shirts()
        )
        with Store(dsns["ingest"], role="ingest", size=1) as ingest:
            record(scene, footage, [WINDOW], ingest, made)
        return made

    yield make
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for name in names:
            connection.execute(f"drop database {name} with (force)")


def record(scene: Hall, footage: dict[str, Path], windows: Sequence[Window], ingest: Store, mall: Resources) -> None:
    """The footage of each camera into the archive, as recorded in each of the windows."""
    for window in windows:
        for camera in scene.site.cameras:
            rows = StoredSegments(ingest)
            archive(footage[camera.id], camera, window.start, window.end, store=rows, objects=mall.objects)


@pytest.fixture
def mall(another_mall: Mall) -> Resources:
    return another_mall()


def rows(mall: Resources) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that was loaded."""
    with psycopg.connect(mall.database_dsn) as connection:
        return {
            table: connection.execute(f"select * from {table} order by {order}").fetchall()
            for table, order in TABLES.items()
        }


def claimed(mall: Resources, ingest: Store, lease_s: float) -> dict[str, tuple[Claim, steps.Row]]:
    """Every segment claimed by a worker whose lease is so long, with its row."""
    with ingest.connection() as connection:
        segments = {one.segment_id: one for one in videos.segments(connection, WINDOW)}
        claims = ledger.claim_extractions(connection, list(segments), extractor_version(mall), "other", lease_s)
    return {
        segments[claim.segment_id].camera_id: (claim, steps.task(claim, segments[claim.segment_id])) for claim in claims
    }


def stages(mall: Resources, scene: Hall) -> Callable[[steps.Row], steps.Row]:
    detect = steps.Detect(mall.objects, mall.detector_loader, mall.sample_fps, mall.decode)
    track, describe = steps.Track(scene.site, mall.sample_fps), steps.Describe(mall.load_describer)
    return lambda row: describe(track(detect(row)))


def test_two_overlapping_cameras_on_ray_give_each_person_once_and_twice_is_once(
    ray_node: object, mall: Resources
) -> None:
    told: list[Progress] = []
    first = extract(mall, WINDOW, report=told.append)
    assert (first.segments, first.known, first.failed, first.persons, first.loaded) == (2, 0, {}, PEOPLE, 1)
    assert first.camera_hours == pytest.approx(2 * SECONDS / 3600)
    assert first.tracklets > PEOPLE
    assert (told[-1].segments_done, told[-1].camera_s_done, told[-1].left_s) == (2, 2 * SECONDS, 0)
    once = rows(mall)
    again = extract(mall, WINDOW)
    assert (again.segments, again.known, again.loaded) == (0, 2, 0)
    assert rows(mall) == once
    assert len(once["person"]) == PEOPLE
    assert len(once["coverage"]) == 2


def test_ray_and_a_plain_loop_give_the_same_rows(ray_node: object, another_mall: Mall) -> None:
    on_ray, plain = another_mall(), another_mall()
    extract(on_ray, WINDOW)
    extract(plain, WINDOW, on_ray=False)
    assert rows(on_ray) == rows(plain)
    assert rows(plain)["person_location"]


def gaps(mall: Resources, window: Window = WINDOW) -> dict[str, list[tuple[Window, str]]]:
    """By camera what is recorded, but nothing can be made of, and why; nothing else may be missing."""
    with Store(mall.database_dsn, role="ingest", size=1) as ingest, ingest.connection() as connection:
        found = coverage.read(connection, window)
    assert all(one.missing == [] for one in found)
    return {one.camera_id: [(gap.window, gap.reason) for gap in one.gaps] for one in found}


def test_a_bad_segment_becomes_a_gap_with_its_reason_and_the_others_go_on(ray_node: object, mall: Resources) -> None:
    with Store(mall.database_dsn, role="ingest", size=1) as ingest:
        with ingest.connection() as connection:
            segments = {one.camera_id: one for one in videos.segments(connection, WINDOW)}
        mall.objects.put_bytes(segments["cam1"].key, b"ffconcat version 1.0\nfile /etc/passwd\n")
        done = extract(mall, WINDOW)
        assert list(done.failed) == [segments["cam1"].segment_id]
        assert "BadVideo" in done.failed[segments["cam1"].segment_id]
    assert gaps(mall) == {"cam1": [(WINDOW, ledger.CORRUPT)], "cam2": []}
    assert extract(mall, WINDOW).segments == 0


def test_a_deleted_file_becomes_a_gap_until_it_is_there_again(mall: Resources) -> None:
    with Store(mall.database_dsn, role="ingest", size=1) as ingest, ingest.connection() as connection:
        segments = {one.camera_id: one for one in videos.segments(connection, WINDOW)}
    key = segments["cam1"].key
    content = mall.objects.get_bytes(key)
    mall.objects.delete_prefix(key)
    assert "NotFound" in extract(mall, WINDOW, on_ray=False).failed[segments["cam1"].segment_id]
    assert gaps(mall) == {"cam1": [(WINDOW, ledger.DELETED)], "cam2": []}
    mall.objects.put_bytes(key, content)
    assert extract(mall, WINDOW, on_ray=False).segments == 0
    again = extract(mall, WINDOW, on_ray=False, again=True)
    assert (again.segments, again.failed, again.persons) == (1, {}, PEOPLE)
    assert gaps(mall) == {"cam1": [], "cam2": []}


def deadly_at_red() -> Callable[[], Any]:
    """A loader of a detector that finds rectangles, and ends its process where a picture is red."""
    harmless = blob_detector()

    def load() -> Any:
        import os

        class Deadly:
            def __init__(self) -> None:
                self.harmless = harmless()

            def detect(self, frames_bgr: Any) -> Any:
                if any(frame[0, 0, 2] > 200 for frame in frames_bgr):
                    os._exit(1)
                return self.harmless.detect(frames_bgr)

        return Deadly()

    return load


@pytest.fixture
def one_free_cpu(ray_node: object) -> Iterator[None]:
    """Somebody else keeps one of the cluster's two CPUs, which leaves one for extraction: a single detecting actor."""
    import ray

    @ray.remote(num_cpus=1)
    class Other:
        def here(self) -> None:
            pass

    other = Other.remote()
    ray.get(other.here.remote())
    yield
    ray.kill(other)


def test_a_segment_that_kills_its_worker_fails_and_those_queued_behind_it_do_not(
    one_free_cpu: None, mall: Resources, scene: Hall, footage: dict[str, Path]
) -> None:
    # Enough neighbours that whatever the order, one waits for the same worker at each of its deaths.
    recordings = [WINDOW, *(Window(WINDOW.start + later, WINDOW.end + later) for later in (MINUTE, 2 * MINUTE))]
    with Store(mall.database_dsn, role="ingest", size=1) as ingest:
        record(scene, footage, recordings[1:], ingest, mall)
        with ingest.connection() as connection:
            poison, *others = videos.segments(connection, Window(WINDOW.start, recordings[-1].end))
    mall.objects.put_bytes(poison.key, film_red(Path(poison.key).suffix))
    done = extract(replace(mall, load_detector=deadly_at_red()), Window(WINDOW.start, recordings[-1].end))
    assert list(done.failed) == [poison.segment_id]
    assert "its worker died" in done.failed[poison.segment_id]
    assert (done.segments, len(others), done.persons > 0) == (6, 5, True)
    assert gaps(mall)["cam1"] == [(poison.window, ledger.KILLS_ITS_WORKER)]


def film_red(suffix: str) -> bytes:
    """A video of nothing but red."""
    import tempfile

    import av
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"red{suffix}"
        with av.open(str(path), "w") as output:
            stream: Any = output.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt, stream.gop_size = 640, 384, "yuv420p", 10
            picture = np.zeros((384, 640, 3), dtype=np.uint8)
            picture[..., 2] = 250
            for _ in range(20):
                output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            output.mux(stream.encode())
        return path.read_bytes()


def test_death_between_writing_and_finishing_changes_nothing(another_mall: Mall, scene: Hall) -> None:
    undisturbed, disturbed = another_mall(), another_mall()
    extract(undisturbed, WINDOW, on_ray=False)
    with Store(disturbed.database_dsn, role="ingest", size=1) as ingest:
        for _, row in claimed(disturbed, ingest, lease_s=0.0).values():
            finished = stages(disturbed, scene)(row)
            sinks.put(finished, sinks.prefix_of(finished), disturbed.objects)
        extract(disturbed, WINDOW, on_ray=False)
        with ingest.connection() as connection:
            assert {winner.epoch for winner in ledger.winners(connection, WINDOW)} == {2}
    assert rows(disturbed) == rows(undisturbed)


def test_death_between_extraction_and_loading_is_made_up_for(another_mall: Mall, scene: Hall) -> None:
    undisturbed, disturbed = another_mall(), another_mall()
    extract(undisturbed, WINDOW, on_ray=False)
    with Store(disturbed.database_dsn, role="ingest", size=1) as ingest:
        work = [row for _, row in claimed(disturbed, ingest, lease_s=60.0).values()]
    flow.run_plain(work, scene.site, disturbed)
    assert rows(disturbed)["coverage"] == []
    done = extract(disturbed, WINDOW, on_ray=False)
    assert (done.segments, done.loaded) == (0, 1)
    assert rows(disturbed) == rows(undisturbed)


def test_the_result_of_a_zombie_is_never_named(mall: Resources, scene: Hall) -> None:
    with Store(mall.database_dsn, role="ingest", size=1) as ingest:
        zombie = claimed(mall, ingest, lease_s=0.0)["cam1"][1]
        extract(mall, WINDOW, on_ray=False)
        once = rows(mall)
        result = sinks.write(stages(mall, scene)(zombie), mall.objects, ingest)
        assert result.state == "lost"
        with ingest.connection() as connection:
            assert all("/e2/" in winner.prefix for winner in ledger.winners(connection, WINDOW))
    assert rows(mall) == once


def test_an_interrupted_run_gives_its_work_back(mall: Resources) -> None:
    def interrupted() -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(replace(mall, load_detector=interrupted, lease_s=3600.0), WINDOW, on_ray=False)
    assert extract(mall, WINDOW, on_ray=False).persons == PEOPLE


def test_windows_without_video_and_unknown_cameras_are_refused(mall: Resources) -> None:
    later = Window(WINDOW.start + timedelta(hours=2), WINDOW.end + timedelta(hours=2))
    with pytest.raises(NotRecorded, match="mall ingest"):
        extract(mall, later, on_ray=False)
    with pytest.raises(UnknownCamera, match="cam1, cam2"):
        extract(mall, WINDOW, ["cam9"], on_ray=False)


def test_one_camera_alone_leaves_the_other_missing(mall: Resources) -> None:
    done = extract(mall, WINDOW, ["cam2"], on_ray=False)
    assert done.segments == 1
    with Store(mall.database_dsn, role="ingest", size=1) as ingest, ingest.connection() as connection:
        missing = {one.camera_id: one.missing for one in coverage.read(connection, WINDOW)}
    assert missing == {"cam1": [WINDOW], "cam2": []}


def test_names_of_an_earlier_load_are_kept_when_the_other_camera_follows(mall: Resources) -> None:
    extract(mall, WINDOW, ["cam2"], on_ray=False)
    before = {row[0] for row in rows(mall)["person"]}
    extract(mall, WINDOW, on_ray=False)
    after = {row[0] for row in rows(mall)["person"]}
    assert before
    assert before <= after
