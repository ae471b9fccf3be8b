"""`make bench`: video seconds per processor second, of our extraction and of the usual tracking loop, in one run.

Both see the same clip, 1080p at 25 fps, H.264 at 2.7 Mbit/s with a keyframe each second, made here from simulated people;
both run the same weights on one thread, ours in INT8 in OpenVINO, theirs as the `.pt` in floating point. Ours is the
extraction itself without store and cluster: its steps decode keyframes in a guarded child, one every other second or, where it is
doubtful who is who, every second, detect, track and describe. The usual loop is ultralytics' `YOLO.track` on every frame. Processor time is that of this process and its
children, models loaded and warm; both are measured in turn, a few rounds, and each counts with its fastest, for whatever
else the machine does only adds to it.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from fractions import Fraction
from itertools import islice, repeat
from operator import attrgetter
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from models.vision import detector
from models.vision.describer import Describer
from models.vision.torch_detector import open_yolo
from models.vision.weights import DEFAULT_DETECTOR, resolve
from models.world.errors import BadInput
from models.world.periods import Window
from models.world.places import Segment, Site
from pipelines.decode import frames
from pipelines.guard import DecodeLimits
from pipelines.looking import Rate
from pipelines.objects import FolderStore
from pipelines.simulator import simulate
from pipelines.steps import Describe, Detect, Track, task
from sql.ledger import Claim

Image = NDArray[np.uint8]
WIDTH_PX, HEIGHT_PX, FPS, BIT_RATE = 1920, 1080, 25, 2_700_000
PEOPLE = 6
"""In the hall at a time: 24,000 visitors a day who stay one and a half hours are about three before each of 1,000 cameras."""
WARM_UP_FRAMES, ROUNDS = 5, 3
FLOOR = 30.0
"""The ratio that is wanted at least. It grows with the detector: decoding costs us the same whatever the weights."""


@dataclass(frozen=True)
class Measured:
    """What one way of working took: `video_s` seconds of video in `core_s` processor seconds, `pictures` of it looked at."""

    video_s: float
    core_s: float
    pictures: int

    @property
    def camera_seconds_per_core_second(self) -> float:
        """How many cameras one core keeps up with."""
        return self.video_s / self.core_s


@dataclass(frozen=True)
class Clip:
    """The video, the site whose first camera filmed it, and the window that it covers."""

    path: Path
    site: Site
    window: Window


def main() -> None:
    """Make the clip, measure both, print and write the figures."""
    options = _options()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory(prefix="mall-bench-") as folder:
        clip = make_clip(Path(folder), options.seconds, seed=1)
        own_form, usual_form = both_forms(options.weights, Path(folder))
        ways = keyframe_pipeline(clip, own_form), usual_loop(clip, usual_form, options.frames // ROUNDS)
        rounds = [(one(), other()) for one, other in repeat(ways, ROUNDS)]
    own, usual = (min(of_one, key=attrgetter("core_s")) for of_one in zip(*rounds, strict=True))
    ratio = own.camera_seconds_per_core_second / usual.camera_seconds_per_core_second
    figures = {
        "weights": str(options.weights),
        "own": asdict(own) | {"camera_s_per_core_s": round(own.camera_seconds_per_core_second, 2)},
        "usual": asdict(usual) | {"camera_s_per_core_s": round(usual.camera_seconds_per_core_second, 3)},
        "ratio": round(ratio, 1),
        "floor": FLOOR,
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")
    sys.stdout.write(_report(own, usual, ratio) + json.dumps(figures) + "\n")


def make_clip(folder: Path, seconds: float, seed: int) -> Clip:
    """Simulate one camera for some seconds and film it as a mall camera would: 1080p25, 2.7 Mbit/s, keyframe each second."""
    mall = simulate(folder / "mall", cameras=1, people=PEOPLE, minutes=seconds / 60, seed=seed)
    site, (source,) = mall.site, mall.videos.values()
    path = folder / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH_PX, HEIGHT_PX, "yuv420p", BIT_RATE
        stream.time_base = Fraction(1, FPS)
        keyframes = {"g": str(FPS), "keyint_min": str(FPS), "sc_threshold": "0", "bf": "0"}
        rate = {"preset": "veryfast", "maxrate": str(BIT_RATE), "bufsize": str(BIT_RATE), "nal-hrd": "cbr"}
        stream.options = keyframes | rate
        for number, picture in enumerate(_as_1080p(frames(source, mall.window, numbers=slice(None)), seconds)):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Clip(path, site, Window(mall.window.start, mall.window.start + timedelta(seconds=seconds)))


def keyframe_pipeline(clip: Clip, weights: Path) -> Callable[[], Measured]:
    """What measures our extraction of the clip, warmed up."""
    row, objects = _stored(clip)
    detect = Detect(objects, lambda: detector.load(weights, device="cpu", threads=1), Rate(), DecodeLimits())
    track, describe = Track(clip.site), Describe(Describer)

    def once() -> int:
        found = detect(row, clip.site)
        if found["error"]:
            raise BadInput(f"the clip cannot be extracted: {found['error']}")
        describe(track(found))
        return len(found["looked_s"])

    pictures = once()
    return lambda: Measured(clip.window.seconds, _core_s(once), pictures)


def usual_loop(clip: Clip, weights: Path, frames: int) -> Callable[[], Measured]:
    """What measures `YOLO.track` over the next so many frames of the clip, warmed up; every frame, one thread."""
    import torch

    results = iter(
        open_yolo(weights).track(
            str(clip.path), stream=True, classes=[0], conf=detector.MIN_CONFIDENCE, device="cpu", verbose=False
        )
    )
    deque(islice(results, WARM_UP_FRAMES), maxlen=0)
    torch.set_num_threads(1)
    return lambda: Measured(frames / FPS, _core_s(lambda: deque(islice(results, frames), maxlen=0)), frames)


def _stored(clip: Clip) -> tuple[dict[str, Any], FolderStore]:
    """The clip in a folder instead of an object store, and the row that starts its extraction."""
    camera = clip.site.cameras[0]
    objects = FolderStore(clip.path.parent / "objects")
    sha256 = hashlib.sha256(clip.path.read_bytes()).hexdigest()
    objects.put_file("video/clip.mp4", clip.path, sha256)
    length = round(clip.window.seconds * FPS)
    segment = Segment(
        uuid.UUID(int=8),
        camera.id,
        clip.window,
        sha256,
        "video/clip.mp4",
        clip.path.stat().st_size,
        WIDTH_PX,
        HEIGHT_PX,
        length,
        1.0,
    )
    return task(Claim(segment.segment_id, "bench", 1), segment), objects


def _as_1080p(pictures: Iterator[Any], seconds: float) -> Iterator[Image]:
    """The 10 fps pictures of the simulator as 25 a second, enlarged, cut to 16:9, with the grain of a sensor."""
    grain = np.random.default_rng(0).normal(0, 3, (HEIGHT_PX + 64, WIDTH_PX + 64, 1)).astype(np.int8)
    random, latest, number = np.random.default_rng(1), next(pictures), 0
    for index in range(round(seconds * FPS)):
        while number < index * 10 // FPS:
            latest, number = next(pictures, latest), number + 1
        large = cv2.resize(latest.bgr, (WIDTH_PX, WIDTH_PX * latest.bgr.shape[0] // latest.bgr.shape[1]))
        top, left = random.integers(0, 64, 2)
        plate = np.repeat(grain[top : top + HEIGHT_PX, left : left + WIDTH_PX], 3, axis=2)
        yield np.asarray(cv2.add(large[:HEIGHT_PX], plate, dtype=cv2.CV_8U), dtype=np.uint8)


def _core_s(work: Callable[[], Any]) -> float:
    """The processor seconds of this process and of its children that ended meanwhile."""
    before = os.times()
    work()
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


def both_forms(weights: str, folder: Path) -> tuple[Path, Path]:
    """The same weights as each side runs them: ours in OpenVINO, the usual loop as `.pt` if there is one.

    Ours of a `NAME.pt` is `NAME_int8_openvino_model` if that lies beside it, else an export in floating point into
    `folder`; other files, which exist in one form only, serve both.
    """
    if weights == DEFAULT_DETECTOR:
        return resolve(weights).path, resolve(f"{weights}.pt").path
    given = resolve(weights).path
    if given.suffix != ".pt":
        return given, given
    quantised = given.with_name(f"{given.stem}_int8_openvino_model")
    if quantised.is_dir():
        return quantised, given
    copied = Path(shutil.copy(given, folder))
    return Path(open_yolo(copied).export(format="openvino", dynamic=True, imgsz=640, device="cpu")), given


def _report(own: Measured, usual: Measured, ratio: float) -> str:
    rows = [("keyframe pipeline", own), ("ultralytics track loop", usual)]
    lines = [
        f"{name:24}{one.video_s:8.1f} s of video {one.pictures:6} pictures {one.core_s:8.2f} core-s "
        f"{one.camera_seconds_per_core_second:9.2f} camera-s per core-s\n"
        for name, one in rows
    ]
    return (
        "".join(lines)
        + f"{'ratio':24}{ratio:8.1f} ({'at least' if ratio >= FLOOR else 'BELOW'} the wanted {FLOOR:.0f})\n"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--weights", default=DEFAULT_DETECTOR, help="name or path of the detector (default: %(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=120.0, help="length of the clip in s (default: %(default)s)")
    parser.add_argument(
        "--frames", type=int, default=400, help="frames given to the usual loop in all (default: %(default)s)"
    )
    parser.add_argument(
        "--json", type=Path, default=Path("runs/bench.json"), help="where the figures go (default: %(default)s)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
