import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from models.world.errors import BadInput, BadVideo, BadWindow, OverlappingSegment, UnknownCamera
from models.world.periods import Window
from models.world.places import Camera, Floor, Segment, Site, with_homography
from pipelines import archive, decode
from pipelines.archive import StoredSegments
from pipelines.objects import FolderStore, ObjectStore, sha256_of
from sql import sites
from sql.store import Store
from tests.pipelines import videos

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOW = START + timedelta(hours=2)
CAMERA = Camera("cam1", 0, 320, 240, 10.0, 1.0, with_homography(np.eye(3)))
FOOTAGE = Path(__file__).parents[2].parent / "shared/data/video"


class Rows:
    """Segments in a list."""

    def __init__(self) -> None:
        self.kept: list[Segment] = []

    def segments(self, window: Window, cameras: Sequence[str] | None = None) -> list[Segment]:
        return [s for s in self.kept if s.window.overlap(window) and s.camera_id in (cameras or [s.camera_id])]

    def add(self, segment: Segment) -> bool:
        if segment in self.kept:
            return False
        if self.segments(segment.window, [segment.camera_id]):
            raise OverlappingSegment("the camera has another")
        self.kept.append(segment)
        return True


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def objects(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def take(
    path: Path,
    rows: Rows,
    objects: FolderStore,
    *,
    camera: Camera = CAMERA,
    start: datetime = START,
    end: datetime | None = None,
    fps: float | None = None,
) -> Segment:
    return archive.ingest(path, camera, start, end, fps, store=rows, objects=objects, now=NOW)


def test_a_good_file_is_stored_as_it_is(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    video = videos.make(tmp_path / "v.mp4", 50)
    segment = take(video, rows, objects)
    assert segment.window == Window(START, START + timedelta(seconds=5))
    assert (segment.camera_id, segment.frames, segment.width_px, segment.height_px) == ("cam1", 50, 320, 240)
    assert segment.keyframe_interval_s == pytest.approx(1)
    assert segment.key == f"video/cam1/2026/11/24/{segment.segment_id}.mp4"
    assert segment.sha256 == sha256_of(video)
    assert segment.bytes == video.stat().st_size
    assert objects.get_bytes(segment.key) == video.read_bytes()
    assert rows.kept == [segment]


def test_the_day_in_the_key_is_that_of_utc(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    start = datetime.fromisoformat("2026-11-24T00:30:00+01:00")
    assert "/2026/11/23/" in take(videos.make(tmp_path / "v.mp4", 5), rows, objects, start=start).key


@pytest.mark.parametrize(("name", "codec"), [("v.mkv", "libx264"), ("v.ts", "libx264"), ("v.avi", "mpeg4")])
def test_other_containers_keep_their_name(
    tmp_path: Path, rows: Rows, objects: FolderStore, name: str, codec: str
) -> None:
    assert take(videos.make(tmp_path / name, 20, codec=codec), rows, objects).key.endswith(name[1:])


def test_the_given_rate_decides_where_the_header_lies(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    segment = take(videos.make(tmp_path / "v.mp4", 49, fps=10), rows, objects, fps=7)
    assert segment.window.seconds == pytest.approx(7)
    assert segment.keyframe_interval_s == pytest.approx(10 / 7)


def test_the_given_end_decides_where_the_header_lies(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    end = START + timedelta(seconds=7)
    assert take(videos.make(tmp_path / "v.mp4", 49, fps=10), rows, objects, end=end).window == Window(START, end)


def test_a_header_that_contradicts_the_site_file_is_pointed_out(
    tmp_path: Path, rows: Rows, objects: FolderStore, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        take(videos.make(tmp_path / "v.mp4", 10, fps=25), rows, objects)
    assert "25 pictures a second by its own times, camera cam1 has 10" in caplog.text


@pytest.mark.parametrize("name", ["v.264", "v.h264", "v.bin", "v.mp4"])
def test_a_raw_stream_is_known_by_its_content_and_gets_right_times(
    tmp_path: Path, rows: Rows, objects: FolderStore, name: str
) -> None:
    raw = videos.make(tmp_path / name, 48, container="h264", fps=25, b_frames=3, keyframe_every=48)
    segment = take(raw, rows, objects, fps=12)
    assert segment.window.seconds == pytest.approx(4)
    assert segment.key.endswith(".mp4")
    assert segment.keyframe_interval_s == pytest.approx(1)
    check_raw(objects, segment, tmp_path)


def check_raw(objects: FolderStore, segment: Segment, tmp_path: Path) -> None:
    """What is stored has all pictures in their order, with keyframes each second."""
    objects.get_file(segment.key, tmp_path / "stored.mp4")
    assert not decode.probe(tmp_path / "stored.mp4").b_frames
    frames = list(decode.frames(tmp_path / "stored.mp4", segment.window))
    assert [videos.number_in(frame.bgr) for frame in frames] == list(range(48))
    assert [round((f.taken_at_s - START.timestamp()) * 12, 2) for f in frames] == list(range(48))


def test_raw_hevc_is_taken_too(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    raw = videos.make(tmp_path / "v.hevc", 20, container="hevc", codec="libx265")
    assert take(raw, rows, objects, fps=10).frames == 20


def test_a_raw_stream_without_rate_is_refused(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    with pytest.raises(BadVideo, match=r"no times in it; give its true frame rate \(--fps\) or its end \(--end\)"):
        take(videos.make(tmp_path / "v.264", 20, container="h264"), rows, objects)


def test_the_same_file_twice_is_one_segment(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    first, copy = videos.make(tmp_path / "v.mp4", 20), tmp_path / "copy.mp4"
    copy.write_bytes(first.read_bytes())
    assert take(first, rows, objects) == take(copy, rows, objects)
    assert len(rows.kept) == len(objects.keys("")) == 1


def test_the_same_raw_stream_twice_is_one_segment(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    raw = videos.make(tmp_path / "v.264", 20, container="h264")
    assert take(raw, rows, objects, fps=10) == take(raw, rows, objects, fps=10)
    assert len(rows.kept) == len(objects.keys("")) == 1


def test_the_same_file_over_another_time_is_refused(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    video = videos.make(tmp_path / "v.mp4", 20)
    take(video, rows, objects)
    with pytest.raises(OverlappingSegment, match="the same file is there, but over 2026-11-24T12:00:00"):
        take(video, rows, objects, fps=5)


def test_overlapping_recordings_are_refused_and_leave_nothing(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    take(videos.make(tmp_path / "a.mp4", 20), rows, objects)
    with pytest.raises(OverlappingSegment, match=r"b\.mp4: camera cam1 .*it has a recording of 2026-11-24T12:00:00"):
        take(videos.make(tmp_path / "b.mp4", 30), rows, objects, start=START + timedelta(seconds=1))
    assert len(rows.kept) == len(objects.keys("")) == 1


def test_a_recording_that_came_first_meanwhile_wins(tmp_path: Path, objects: FolderStore) -> None:
    class Late(Rows):
        def add(self, segment: Segment) -> bool:
            raise OverlappingSegment("another one was added just now")

    with pytest.raises(OverlappingSegment):
        take(videos.make(tmp_path / "v.mp4", 10), Late(), objects)
    assert objects.keys("") == []


def test_touching_recordings_and_other_cameras_are_fine(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    video, other = videos.make(tmp_path / "a.mp4", 20), videos.make(tmp_path / "b.mp4", 30)
    take(video, rows, objects)
    take(other, rows, objects, start=START + timedelta(seconds=2))
    take(video, rows, objects, camera=replace(CAMERA, id="cam2"))
    assert len(rows.kept) == len(objects.keys("")) == 3


class Dying(FolderStore):
    """Dies in the middle of an upload."""

    def put_file(self, key: str, path: Path, sha256: str) -> None:
        raise KeyboardInterrupt


class Forgetful(Rows):
    """Dies before the row is written."""

    def add(self, segment: Segment) -> bool:
        raise KeyboardInterrupt


def test_an_ingest_that_dies_is_finished_by_the_next(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    video = videos.make(tmp_path / "v.mp4", 20)
    with pytest.raises(KeyboardInterrupt):
        take(video, rows, Dying(objects.root))
    assert rows.kept == [], "no row may name an object that is not there"
    with pytest.raises(KeyboardInterrupt):
        take(video, Forgetful(), objects)
    segment = take(video, rows, objects)
    assert rows.kept == [segment]
    assert objects.keys("") == [segment.key]


def test_a_lost_object_is_stored_again(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    video = videos.make(tmp_path / "v.mp4", 20)
    segment = take(video, rows, objects)
    objects.delete_prefix("video/")
    assert take(video, rows, objects) == segment
    assert objects.exists(segment.key)


def test_a_wrong_resolution_is_refused_with_both(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    with pytest.raises(BadVideo, match="have 160x120 px, but camera cam1 has 320x240 px"):
        take(videos.make(tmp_path / "v.mp4", 5, size=(160, 120)), rows, objects)


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ({"start": NOW + timedelta(seconds=1)}, "cannot start in the future"),
        ({"end": START}, "before it starts"),
        ({"end": START - timedelta(hours=1)}, "before it starts"),
        ({"start": START.replace(tzinfo=None)}, "need an offset"),
        ({"end": START + timedelta(hours=1), "fps": 10}, "not both"),
        ({"fps": 0}, "0 pictures a second cannot be"),
        ({"fps": -5}, "-5 pictures a second cannot be"),
        ({"fps": float("nan")}, "nan pictures a second cannot be"),
    ],
)
def test_impossible_times_are_refused(
    tmp_path: Path, rows: Rows, objects: FolderStore, times: dict[str, object], reason: str
) -> None:
    with pytest.raises(BadWindow, match=rf"v\.mp4: .*{reason}"):
        take(videos.make(tmp_path / "v.mp4", 5), rows, objects, **times)  # type: ignore[arg-type]


def bad_files(folder: Path) -> dict[str, Path]:
    good = videos.make(folder / "good.mp4", 20)
    texts = {
        "text.mp4": "not a film",
        "list.mp4": f"ffconcat version 1.0\nfile {good}\n",
        "hls.mp4": f"#EXTM3U\n#EXTINF:5,\nfile://{good}\n#EXT-X-ENDLIST\n",
        "empty.mp4": "",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return {
        **{name: folder / name for name in texts},
        "headless.mp4": videos.cut(good, folder / "headless.mp4"),
        "cut.mp4": videos.cut(videos.fast_start(folder / "fast.mp4"), folder / "cut.mp4", 0.7),
        "cut.mkv": videos.cut(videos.make(folder / "whole.mkv"), folder / "cut.mkv", 0.6),
        "cut.avi": videos.cut(videos.make(folder / "whole.avi", codec="mpeg4"), folder / "cut.avi", 0.6),
        "bomb.avi": videos.make(folder / "bomb.avi", 2, size=(30_000, 16), codec="mjpeg"),
        "odd.avi": videos.make(folder / "odd.avi", 2, codec="ffv1"),
    }


def test_a_bad_file_is_refused_in_one_line_and_the_others_go_on(
    tmp_path: Path, rows: Rows, objects: FolderStore
) -> None:
    problems = {}
    for name, path in bad_files(tmp_path).items():
        with pytest.raises(BadInput) as caught:
            take(path, rows, objects)
        problems[name] = str(caught.value)
    assert all(text.startswith(f"{tmp_path / name}: ") and "\n" not in text for name, text in problems.items()), (
        problems
    )
    assert rows.kept == []
    assert objects.keys("") == []
    assert take(tmp_path / "good.mp4", rows, objects) in rows.kept


def test_a_cut_off_file_says_how_much_is_there(tmp_path: Path, rows: Rows, objects: FolderStore) -> None:
    with pytest.raises(BadVideo, match=r"\d+ of the 50 pictures its header promises are there"):
        take(bad_files(tmp_path)["cut.mp4"], rows, objects)


def test_the_real_stores_keep_it(tmp_path: Path, admin: Store, ingest: Store, object_store: ObjectStore) -> None:
    video, kept = videos.make(tmp_path / "v.mp4", 20), StoredSegments(ingest)
    floor = Floor(0, "Ground", ((0, 0), (60, 0), (60, 30), (0, 30)))
    with admin.connection() as connection:
        sites.save(connection, Site("northgate", ZoneInfo("UTC"), (floor,), (), (CAMERA,)))
    segment = archive.ingest(video, CAMERA, START, store=kept, objects=object_store, now=NOW)
    assert archive.ingest(video, CAMERA, START, store=kept, objects=object_store, now=NOW) == segment
    assert kept.segments(segment.window) == [segment]
    assert object_store.keys("video/cam1/") == [segment.key]
    with pytest.raises(OverlappingSegment):
        archive.ingest(videos.make(tmp_path / "w.mp4", 9), CAMERA, START, store=kept, objects=object_store, now=NOW)


def test_a_camera_that_is_not_in_the_site_leaves_no_object(
    tmp_path: Path, admin: Store, ingest: Store, object_store: ObjectStore
) -> None:
    lost = replace(CAMERA, id="nowhere")
    video = videos.make(tmp_path / "v.mp4", 20)
    with pytest.raises(UnknownCamera, match="nowhere"):
        archive.ingest(video, lost, START, store=StoredSegments(ingest), objects=object_store, now=NOW)
    assert object_store.keys("") == []


@pytest.mark.skipif(not FOOTAGE.exists(), reason="needs the sample footage")
@pytest.mark.parametrize(
    ("name", "fps", "frames"), [("people-detection.264", 12, 596), ("one-by-one-person-detection.mp4", 10, 1394)]
)
def test_real_footage_is_taken(
    tmp_path: Path, rows: Rows, objects: FolderStore, name: str, fps: float, frames: int
) -> None:
    camera = Camera("lobby", 0, 768, 432, fps, 1.0, CAMERA.calibration)
    segment = take(FOOTAGE / name, rows, objects, camera=camera, fps=fps)
    assert segment.frames == frames
    assert segment.window.seconds == pytest.approx(frames / fps)
    assert segment.keyframe_interval_s == pytest.approx(1, abs=0.01)
    objects.get_file(segment.key, tmp_path / "stored")
    sampled = list(decode.frames(tmp_path / "stored", segment.window, sample_fps=1))
    assert [frame.number for frame in sampled] == list(range(0, frames, round(fps)))
