import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.world.errors import BadVideo
from models.world.periods import Window
from pipelines import decode, video_reading
from pipelines.decode import PartialVideo
from pipelines.guard import DecodeLimits, GuardedChild
from tests.pipelines import videos

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
FOOTAGE = Path(__file__).parents[2].parent / "shared/data/video"


def window(seconds: float) -> Window:
    return Window(START, START + timedelta(seconds=seconds))


def times(frames: list[decode.Frame]) -> list[float]:
    return [round(frame.taken_at_s - START.timestamp(), 3) for frame in frames]


def shown(frames: list[decode.Frame]) -> list[int]:
    return [videos.number_in(frame.bgr) for frame in frames]


def test_frames_come_once_a_second_with_their_number_and_time(tmp_path: Path) -> None:
    video = videos.make(tmp_path / "v.mp4", 50)
    frames = list(decode.frames(video, window(5), sample_fps=1))
    assert [frame.number for frame in frames] == [0, 10, 20, 30, 40]
    assert times(frames) == [0, 1, 2, 3, 4]
    assert shown(frames) == [0, 10, 20, 30, 40]
    assert frames[0].bgr.shape == (240, 320, 3)
    assert frames[0].bgr.dtype == np.uint8


@pytest.mark.parametrize("kept", range(6))
def test_a_picture_that_is_in_use_is_not_overwritten(tmp_path: Path, kept: int) -> None:
    frames = decode.frames(videos.make(tmp_path / "v.mp4", 50), window(5), numbers=slice(None))
    held = [next(frames) for _ in range(kept)]
    assert [videos.number_in(frame.bgr) for frame in frames] == list(range(kept, 50))
    assert shown(held) == list(range(kept))


def test_keyframes_too_large_to_be_kept_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = videos.make(tmp_path / "v.mp4", 50)
    orders = {"path": str(video), "frames_fd": -1, **asdict(DecodeLimits())}

    def seen(limit: int) -> tuple[bool, list[int]]:
        monkeypatch.setattr(video_reading, "_KEPT_BYTES", limit)
        scanned = video_reading.Video(orders, lambda: None)
        wanted = {packet.pts for packet in scanned.scan() if packet.is_keyframe and packet.pts is not None}
        source = scanned if scanned.keeps_keyframes else video_reading.Video(orders, lambda: None)
        pictures = [frame.to_ndarray(format="bgr24") for _, frame in source.frames(timed=True, keyframes=wanted)]
        return scanned.keeps_keyframes, [videos.number_in(picture) for picture in pictures]

    assert seen(1 << 20) == (True, [0, 10, 20, 30, 40])
    assert seen(100) == (False, [0, 10, 20, 30, 40])


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("v.mp4", {"keyframe_every": 25}),
        ("v.mp4", {"keyframe_every": 25, "b_frames": 3}),
        ("v.mp4", {"keyframe_every": 5, "b_frames": 2}),
        ("v.mkv", {"b_frames": 2}),
        ("v.ts", {"b_frames": 2}),
        ("v.avi", {"codec": "mpeg4"}),
        ("v.avi", {"codec": "mjpeg"}),
        ("v.264", {"container": "h264", "b_frames": 3, "keyframe_every": 25}),
    ],
)
def test_every_frame_shows_the_number_it_is_given(tmp_path: Path, name: str, settings: dict[str, object]) -> None:
    video = videos.make(tmp_path / name, 50, **settings)  # type: ignore[arg-type]
    frames = list(decode.frames(video, window(5), sample_fps=2))
    assert [frame.number for frame in frames] == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]
    assert shown(frames) == [frame.number for frame in frames]


def test_the_window_decides_where_the_header_lies_about_the_rate(tmp_path: Path) -> None:
    video = videos.make(tmp_path / "v.mp4", 49, fps=10, keyframe_every=49)
    frames = list(decode.frames(video, window(7), sample_fps=1))
    assert [frame.number for frame in frames] == [0, 7, 14, 21, 28, 35, 42]
    assert times(frames) == [0, 1, 2, 3, 4, 5, 6]


def test_frames_can_be_asked_for_by_number(tmp_path: Path) -> None:
    video = videos.make(tmp_path / "v.mp4", 50, b_frames=2)
    assert shown(list(decode.frames(video, window(5), numbers=slice(3, None, 7)))) == list(range(3, 50, 7))
    assert shown(list(decode.frames(video, window(5), numbers=[10, 20]))) == [10, 20]
    assert len(list(decode.frames(video, window(5)))) == 50


def test_a_probe_counts_for_itself(tmp_path: Path) -> None:
    found = decode.probe(videos.make(tmp_path / "v.mp4", 45, b_frames=2))
    assert (found.width_px, found.height_px, found.frames, found.promised_frames) == (320, 240, 45, 45)
    assert found.codec == "h264"
    assert found.duration_s == pytest.approx(4.5)
    assert found.keyframe_interval_s == pytest.approx(1)
    assert found.has_timestamps
    assert found.b_frames
    assert not found.is_cut


def test_a_raw_stream_has_no_times(tmp_path: Path) -> None:
    found = decode.probe(videos.make(tmp_path / "v.264", 30, container="h264"))
    assert not found.has_timestamps
    assert found.duration_s is None
    assert found.frames == 30


@settings(deadline=None)
@given(gap=st.integers(1, 40), sample_fps=st.sampled_from([0.5, 1.0, 2.0, 3.0]), count=st.integers(1, 300))
def test_chosen_frames_are_never_far_from_the_wanted_times(gap: int, sample_fps: float, count: int) -> None:
    offsets_s, keyframes = np.arange(count) / 10, np.arange(count) % gap == 0
    chosen = decode.choose(offsets_s, keyframes, sample_fps)
    assert (np.diff(chosen) > 0).all()
    wanted = np.arange(0, offsets_s[-1], 1 / sample_fps)
    nearest_s = np.abs(offsets_s[chosen][None] - wanted[:, None]).min(axis=1)
    assert (nearest_s <= 0.5 / sample_fps * decode.KEYFRAME_TOLERANCE + 1e-9).all() or count == 1


def test_only_keyframes_are_taken_where_they_are_close_enough() -> None:
    offsets_s = np.arange(100) / 10
    every_second, every_third = np.arange(100) % 20 == 0, np.arange(100) % 30 == 0
    assert decode.choose(offsets_s, every_second, 0.5).tolist() == [0, 20, 40, 60, 80]
    assert decode.choose(offsets_s, every_third, 0.5).tolist() == [0, 20, 40, 60, 80]
    assert decode.choose(offsets_s, np.arange(100) % 7 == 0, 1).tolist() == [0, 7, 21, 28, 42, 49, 63, 70, 77, 91]


def test_a_cut_off_file_gives_its_frames_and_then_says_how_far_it_came(tmp_path: Path) -> None:
    whole = videos.fast_start(tmp_path / "v.mp4", 50)
    frames = decode.frames(videos.cut(whole, tmp_path / "cut.mp4", 0.7), window(5), numbers=slice(0, None, 5))
    found: list[decode.Frame] = []
    with pytest.raises(PartialVideo, match=r"cut off.*wanted frames were decoded, up to 2026-11-24T12:00:0") as caught:
        found.extend(frames)
    assert 2 <= len(found) < 10
    assert times(found) == [0.5 * n for n in range(len(found))], "times must be those of the whole file"
    assert caught.value.decoded == len(found)
    assert caught.value.until is not None


def test_damage_in_the_middle_leaves_later_frames_in_their_place(tmp_path: Path) -> None:
    video = videos.fast_start(tmp_path / "v.mp4", 200)
    content = bytearray(video.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 300] = bytes(300)
    video.write_bytes(content)
    frames = [f for f in decode.frames(video, window(20), sample_fps=1) if f.number < 50 or f.number > 150]
    assert shown(frames) == [0, 10, 20, 30, 40, 160, 170, 180, 190]
    assert times(frames) == [0, 1, 2, 3, 4, 16, 17, 18, 19]


HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{video}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile {video}\n"


@pytest.mark.parametrize("suffix", ["mp4", "m3u8", "264", "ffconcat"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [("a letter, not a film " * 99, "it is text"), (HLS, "HLS playlist"), (CONCAT, "ffconcat playlist"), ("", "empty")],
)
def test_text_and_playlists_are_refused_under_any_name(tmp_path: Path, suffix: str, content: str, reason: str) -> None:
    video = videos.make(tmp_path / "secret.mp4", 10)
    file = tmp_path / f"file.{suffix}"
    file.write_text(content.replace("{video}", str(video)))
    with pytest.raises(BadVideo, match=f"{file}: .*{reason}"):
        decode.probe(file)


def test_a_file_without_index_is_called_cut_off(tmp_path: Path) -> None:
    with pytest.raises(BadVideo, match="cut off MP4: its index is missing"):
        decode.probe(videos.cut(videos.make(tmp_path / "v.mp4"), tmp_path / "cut.mp4"))


def test_a_picture_of_30000_pixels_width_is_refused_from_its_header(tmp_path: Path) -> None:
    video = videos.make(tmp_path / "v.avi", 2, size=(30_000, 16), codec="mjpeg")
    with pytest.raises(BadVideo, match="30000x16 px is too large; at most 8192 px a side"):
        decode.probe(video)


def test_too_many_pixels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadVideo, match=r"320x240 px is too large; .* 76799 px in all"):
        decode.probe(videos.make(tmp_path / "v.mp4", 2), DecodeLimits(max_pixels=320 * 240 - 1))


def test_a_change_of_picture_size_is_refused(tmp_path: Path) -> None:
    first = videos.make(tmp_path / "a.264", 10, container="h264")
    second = videos.make(tmp_path / "b.264", 10, container="h264", size=(160, 120))
    both = tmp_path / "both.264"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    with pytest.raises(PartialVideo, match="size changes from 320x240 to 160x120"):
        list(decode.frames(both, window(2)))


def test_a_file_without_video_is_refused(tmp_path: Path) -> None:
    sound = tmp_path / "sound.mp4"
    make_sound(sound)
    with pytest.raises(BadVideo, match="no video stream"):
        decode.probe(sound)


def make_sound(path: Path) -> None:
    import av

    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=8000, layout="mono")
        for n in range(10):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono")
            frame.rate, frame.pts = 8000, n * 1024
            output.mux(stream.encode(frame))
        output.mux(stream.encode())


def test_an_unsupported_codec_is_refused_by_name(tmp_path: Path) -> None:
    video = videos.make(tmp_path / "v.avi", 3, codec="ffv1")
    with pytest.raises(BadVideo, match="codec ffv1 is not supported; supported are h264"):
        decode.probe(video)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadVideo, match=r"nothing\.mp4: there is no such file"):
        decode.probe(tmp_path / "nothing.mp4")


@pytest.mark.parametrize("seed", range(20))
def test_mutated_files_end_in_frames_or_in_a_clear_error(tmp_path: Path, seed: int) -> None:
    suffix, codec = [("mp4", "libx264"), ("mkv", "libx264"), ("ts", "libx264"), ("avi", "mpeg4")][seed % 4]
    options = {"movflags": "frag_keyframe+empty_moov"} if seed % 8 == 0 else None
    whole = videos.make(tmp_path / f"v.{suffix}", 20, codec=codec, options=options)
    broken = videos.mutated(whole, tmp_path / f"broken.{suffix}", seed)
    limits = DecodeLimits(memory_mb=512, stall_s=30)
    frames: list[decode.Frame] = []
    with suppress(BadVideo):
        frames.extend(decode.frames(broken, window(2), sample_fps=5, limits=limits))
    assert all(0 <= taken_at_s < 2 for taken_at_s in times(frames))


def test_a_file_that_eats_memory_ends_its_decoder_only(tmp_path: Path) -> None:
    video = videos.make(tmp_path / "v.avi", 3, size=(4000, 2000), codec="mjpeg")
    with pytest.raises(BadVideo, match="more than the allowed 145 MB of memory"):
        list(decode.frames(video, window(1), limits=DecodeLimits(memory_mb=145)))
    assert len(list(decode.frames(video, window(1)))) == 3


def test_too_little_memory_to_start_in_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadVideo, match="more than the allowed 100 MB of memory"):
        decode.probe(videos.make(tmp_path / "v.mp4", 2), DecodeLimits(memory_mb=100))


def test_a_child_that_never_speaks_is_killed_by_the_watchdog(tmp_path: Path) -> None:
    silent = (sys.executable, "-c", "import signal; signal.pause()")
    child = GuardedChild(tmp_path / "v.mp4", DecodeLimits(stall_s=0.2), silent)
    with child, pytest.raises(BadVideo, match=r"no progress for 0\.2 s"):
        child.receive()
    assert child.process.returncode == -signal.SIGKILL


def test_a_child_that_stops_in_the_middle_is_killed_by_the_watchdog(tmp_path: Path) -> None:
    video = videos.make(tmp_path / "v.mp4", 10)
    with GuardedChild(video, DecodeLimits(stall_s=0.5)) as child:
        os.kill(child.process.pid, signal.SIGSTOP)
        with pytest.raises(BadVideo, match="no progress"):
            list(iter(child.receive, None))
    assert child.process.returncode == -signal.SIGKILL


def test_a_crash_of_the_decoder_is_an_error_of_the_file(tmp_path: Path) -> None:
    crash = (sys.executable, "-c", "import os; os.kill(os.getpid(), 11)")
    with GuardedChild(tmp_path / "v.mp4", DecodeLimits(), crash) as child, pytest.raises(BadVideo, match="SIGSEGV"):
        child.receive()


def test_endless_work_is_ended_by_the_limit_on_processor_time(tmp_path: Path) -> None:
    endless = (
        "import json, sys; from pipelines import decode_child\n"
        "decode_child._keep_limits(json.loads(sys.argv[1]))\nwhile True: pass"
    )
    child = GuardedChild(tmp_path / "v.mp4", DecodeLimits(cpu_s=1), (sys.executable, "-c", endless))
    with child, pytest.raises(BadVideo, match="may take 1 s of processor time"):
        child.receive()


def test_no_credentials_reach_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALL_S3_SECRET_KEY", "hush")
    tell = (
        "import json, os, struct, sys; text = json.dumps({'kind': 'environment', 'names': list(os.environ)}).encode();"
        "sys.stdout.buffer.write(struct.pack('<IQ', len(text), 0) + text)"
    )
    with GuardedChild(tmp_path / "v.mp4", DecodeLimits(), (sys.executable, "-c", tell)) as child:
        assert set(child.receive().fields["names"]) <= {"PYTHONPATH", "PATH", "MALLOC_ARENA_MAX", "LC_CTYPE"}


def test_closing_the_frames_ends_the_child(tmp_path: Path) -> None:
    frames = decode.frames(videos.make(tmp_path / "v.mp4", 50, size=(1280, 720)), window(5))
    next(frames)
    assert decoders()
    frames.close()  # type: ignore[attr-defined]
    assert not decoders()


def decoders() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # another one that ends just now
            found += [child] if "pipelines.decode_child" in child.cmdline() else []
    return found


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    video = videos.make(tmp_path / "v.mp4", 10)
    script = (
        "import pathlib, signal, sys\nfrom pipelines.guard import DecodeLimits, GuardedChild\n"
        "child = GuardedChild(pathlib.Path(sys.argv[1]), DecodeLimits())\nchild.receive()\n"
        "print(child.process.pid, flush=True)\nsignal.pause()"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(video)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent, os.fdopen(os.pidfd_open(int(parent.stdout.readline()))) as child:
        parent.kill()
        assert select.select([child], [], [], 30)[0], "the decoder outlived its parent"


@pytest.mark.skipif(not FOOTAGE.exists(), reason="needs the sample footage")
@pytest.mark.parametrize(
    ("name", "count", "seconds"),
    [("people-detection.264", 596, 596 / 12), ("one-by-one-person-detection.mp4", 1394, 139.4)],
)
def test_real_footage_is_read_to_its_end(name: str, count: int, seconds: float) -> None:
    assert decode.probe(FOOTAGE / name).frames == count
    frames = list(decode.frames(FOOTAGE / name, window(seconds), sample_fps=1))
    assert len(frames) == np.ceil(seconds)
    assert np.allclose(times(frames), np.arange(len(frames)), atol=0.05)
