"""The whole of extraction on real PostGIS, S3 and (where it matters) Ray; the videos show rectangles."""

from __future__ import annotations  # annotations do not travel with a loader that goes to another process by value

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models.world.errors import NotRecorded, UnknownCamera
from models.world.periods import Window
from pipelines import flow, steps
from pipelines import sink as sinks
from pipelines.extract import BACKFILL, Progress, estimate, extract, extractor_version
from pipelines.flow import Resources
from pipelines.looking import Rate
from pipelines.work import BUSY_POLL_S
from sql import coverage, handlers, ledger, requests, videos
from sql.ledger import Claim
from sql.store import Store
from tests.pipelines.blobs import blob_detector
from tests.pipelines.filmed import (
    MINUTE,
    PEOPLE,
    SECONDS,
    WINDOW,
    Mall,
    deadly_at_red,
    film_red,
    gaps,
    record,
    rows,
)
from tests.pipelines.hall import Hall

# Ray Data warns of deprecations in its own modules when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")


def claimed(mall: Resources, ingest: Store, lease_s: float) -> dict[str, tuple[Claim, steps.Row]]:
    """Every segment claimed by a worker whose lease is so long, with its row."""
    with ingest.connection() as connection:
        segments = {one.segment_id: one for one in videos.segments(connection, WINDOW)}
        claims = ledger.claim_extractions(connection, list(segments), extractor_version(mall), "other", lease_s)
    return {
        segments[claim.segment_id].camera_id: (claim, steps.task(claim, segments[claim.segment_id])) for claim in claims
    }


def stages(mall: Resources, scene: Hall) -> Callable[[steps.Row], steps.Row]:
    detect = steps.Detect(mall.objects, mall.detector_loader, mall.rate, mall.decode)
    track, describe = steps.Track(scene.site), steps.Describe(mall.load_describer)
    return lambda row: describe(track(detect(row, scene.site)))


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


def test_people_of_a_camera_without_calibration_are_counted_in_the_picture_and_nothing_else(
    mall: Resources, scene: Hall
) -> None:
    cam1, cam2 = scene.site.cameras
    bare = replace(scene.site, cameras=(cam1, replace(cam2, calibration=None)))
    with Store(mall.database_dsn, role="ingest", size=1) as ingest:
        work = [row for _, row in claimed(mall, ingest, lease_s=60.0).values()]
    flow.run_plain(work, bare, mall)
    done = extract(mall, WINDOW, on_ray=False)
    assert (done.segments, done.loaded) == (0, 1)
    assert done.persons > 0
    found = gaps(mall)
    ((window, reason),) = found["cam2"]
    assert (found["cam1"], window) == ([], WINDOW)
    counted = re.fullmatch(
        r"not-calibrated \(people of cam2 are counted in the picture only: (\d) at a time at most\)", reason
    )
    assert counted is not None
    assert 1 <= int(counted[1]) <= PEOPLE
    again = extract(mall, WINDOW, on_ray=False, again=True)  # the site in the store has a calibration
    assert (again.segments, again.persons) == (1, PEOPLE)
    assert gaps(mall) == {"cam1": [], "cam2": []}


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


def test_progress_is_told_within_a_segment_too(mall: Resources, scene: Hall) -> None:
    with Store(mall.database_dsn, role="ingest", size=2) as ingest:
        held, row = claimed(mall, ingest, lease_s=60.0)["cam1"]
        seen: list[float] = []

        def note(row: steps.Row, progress_s: float) -> None:
            often(row, progress_s)
            with ingest.connection() as connection:
                seen.append(ledger.running_s(connection, [held]))

        often = sinks.ProgressNotes(mall.database_dsn, every_s=0.0)
        steps.Detect(mall.objects, mall.detector_loader, Rate(1.0, 1.0, 1.0), mall.decode, note=note)(row, scene.site)
        often.close()
    assert seen == sorted(seen)
    assert len(set(seen)) == SECONDS
    assert (seen[0], seen[-1]) == (pytest.approx(1, abs=0.1), pytest.approx(SECONDS, abs=0.1))


def test_a_killed_decoder_is_not_the_videos_fault(mall: Resources, tmp_path: Path) -> None:
    once = tmp_path / "once"
    done = extract(replace(mall, load_detector=killing_the_decoder(str(once))), WINDOW, on_ray=False)
    assert once.read_text() == "1"
    assert (done.failed, done.persons) == ({}, PEOPLE)


def killing_the_decoder(once: str) -> Callable[[], Any]:
    """A loader of a detector that finds rectangles; at the first picture of all it kills the decoder that sent it."""
    harmless = blob_detector()

    def load() -> Any:
        import pathlib

        import psutil

        class Killing:
            def __init__(self) -> None:
                self.harmless = harmless()

            def detect(self, pictures: Any) -> Any:
                return self.harmless.detect(self._killing(picture) for picture in pictures)

            def _killing(self, picture: Any) -> Any:
                if not pathlib.Path(once).exists():
                    victims = [one for one in psutil.Process().children() if "pipelines.decode_child" in one.cmdline()]
                    for victim in victims:
                        victim.kill()
                    pathlib.Path(once).write_text(str(len(victims)))
                return picture

        return Killing()

    return load


def test_a_window_over_hours_gives_the_same_rows_as_hour_by_hour_backwards(
    another_mall: Mall, scene: Hall, footage: dict[str, Path]
) -> None:
    # The hall is filmed at :13; the second recording lies across the full hour, the third in the next one.
    minutes = [46 * MINUTE + timedelta(seconds=33), 61 * MINUTE]
    recordings = [Window(WINDOW.start + later, WINDOW.end + later) for later in minutes]
    forwards, backwards = another_mall(), another_mall()
    for mall in (forwards, backwards):
        with Store(mall.database_dsn, role="ingest", size=1) as ingest:
            record(scene, footage, recordings, ingest, mall)
    whole = extract(forwards, Window(WINDOW.start, recordings[-1].end), on_ray=False)
    assert (whole.segments, whole.loaded) == (6, 2)
    for recording in reversed([WINDOW, *recordings]):
        extract(backwards, recording, on_ray=False)
    assert rows(forwards)["coverage"] == rows(backwards)["coverage"]
    assert len(rows(forwards)["coverage"]) == 8


def test_a_backfill_lets_people_go_first(mall: Resources) -> None:
    with Store(mall.database_dsn, role="ingest", size=2) as store:
        with store.connection() as connection:
            handlers.beat(connection, "handler", "1")
            (one, _) = videos.segments(connection, WINDOW)
            wanted = requests.want(connection, requests.quote(connection, {one.camera_id: [one.window]}))
        backfill = threading.Thread(target=extract, args=(mall, WINDOW), kwargs={"on_ray": False})
        backfill.start()
        backfill.join(3 * BUSY_POLL_S)
        assert backfill.is_alive()
        assert rows(mall)["coverage"] == []
        with store.connection() as connection:
            claim = requests.claim(connection, "handler", 60.0)
            assert claim is not None
            requests.fail(connection, claim, "never mind")
        backfill.join()
    assert wanted.priority > BACKFILL
    assert len(rows(mall)["coverage"]) == 2


def test_an_estimate_tells_what_there_is_and_how_long_it_will_take(mall: Resources) -> None:
    plan, seconds = estimate(mall, WINDOW)
    assert (plan.segments, plan.known, plan.left_s, seconds) == (2, 0, 2 * SECONDS, None)
    assert plan.bytes == plan.bytes_left > 1000
    extract(mall, WINDOW, ["cam2"], on_ray=False)
    plan, seconds = estimate(mall, WINDOW)
    assert (plan.known, plan.left_s) == (1, SECONDS)
    assert seconds is not None
    assert 0 < seconds < 60
    with pytest.raises(UnknownCamera):
        estimate(mall, WINDOW, ["cam9"])


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
