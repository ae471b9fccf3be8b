"""`make bench-int8`: what a detector gains and loses as 8-bit integers, against the same one in floating point, in one run.

Both forms run in OpenVINO on one thread, as extraction does. Speed: the same pictures, in memory, by each form in turn, a few
rounds; each counts with its fastest. Rightness: IDF1 of `mall evaluate tracking` on the same video, the mean over all phases of its
sampling. The video is given with its truth, or else filmed here: simulated people before one camera.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from models.vision import detector
from models.vision.detector import Detector
from models.vision.pictures import Picture
from models.vision.torch_detector import open_yolo
from models.vision.weights import DEFAULT_DETECTOR, resolve
from models.world.periods import Window, from_epoch_s
from pipelines import decode
from pipelines.bench import both_forms
from pipelines.evaluate import evaluate_tracking, sampled
from pipelines.simulator import simulate

LEAST_TIMES, MOST_LOST = 1.6, 1.0
"""How many times as fast INT8 must be at least, and how many points of IDF1 it may lose."""
SAMPLE_FPS, ROUNDS, PICTURES, WARM_UP = 1.0, 3, 120, 3


@dataclass(frozen=True)
class Footage:
    """A video of `fps` pictures a second and who truly walks in it."""

    video: Path
    ground_truth: Path
    homography: Path
    fps: float


@dataclass(frozen=True)
class Form:
    """What one form of a detector takes for a picture, processor ms, and the IDF1 within 1 m, percent, of each phase."""

    ms: float
    idf1: tuple[float, ...]

    @property
    def mean_idf1(self) -> float:
        """Over the phases."""
        return float(np.mean(self.idf1))


def main() -> None:
    """Measure both forms, print and write the figures."""
    options = _options()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory(prefix="mall-bench-") as folder:
        footage = _given(options) or film(Path(folder), options.minutes)
        files = both_forms(options.weights, Path(folder))[0], floating_point(options.weights, Path(folder))
        costs = costs_ms([detector.load(file, device="cpu", threads=1) for file in files], footage)
        int8, floating = (Form(ms, _idf1(file, footage)) for ms, file in zip(costs, files, strict=True))
    figures = {
        "weights": str(options.weights),
        "int8": asdict(int8),
        "floating_point": asdict(floating),
        "times": round(floating.ms / int8.ms, 2),
        "idf1_gained": round(int8.mean_idf1 - floating.mean_idf1, 2),
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")
    sys.stdout.write(report(int8, floating) + json.dumps(figures) + "\n")


def film(folder: Path, minutes: float) -> Footage:
    """Simulated people before one camera."""
    mall = simulate(folder / "mall", cameras=1, people=10, minutes=minutes, seed=1)
    (camera,) = mall.site.cameras
    assert camera.calibration is not None, "the simulator calibrates its cameras"
    homography = folder / "homography.txt"
    np.savetxt(homography, np.array(camera.calibration.homography))
    return Footage(mall.videos[camera.id], mall.folder / f"truth/{camera.id}.txt", homography, camera.frame_rate_hz)


def floating_point(weights: str, folder: Path) -> Path:
    """The `.pt` of these weights in OpenVINO in floating point, for pictures of any size, exported into `folder`."""
    given = resolve(f"{weights}.pt" if weights == DEFAULT_DETECTOR else weights).path
    copied = Path(shutil.copy(given, folder / f"floating-{given.name}"))
    return Path(open_yolo(copied).export(format="openvino", dynamic=True, imgsz=640, device="cpu"))


def costs_ms(detectors: Sequence[Detector], footage: Footage) -> list[float]:
    """What a picture takes each of some detectors, processor ms: the fastest of `ROUNDS`, which they take in turn."""
    pictures = _pictures(footage)
    for one in detectors:
        _core_ms(one, pictures[:WARM_UP])
    rounds = [[_core_ms(one, pictures) for one in detectors] for _ in range(ROUNDS)]
    return [float(ms) for ms in np.min(rounds, axis=0)]


def _pictures(footage: Footage) -> list[Picture]:
    probe = decode.probe(footage.video)
    window = Window(from_epoch_s(0), from_epoch_s(probe.frames / footage.fps))
    numbers = sampled(footage.fps, SAMPLE_FPS, 0).numbers(probe.frames)[:PICTURES]
    return [frame.picture for frame in decode.frames(footage.video, window, numbers=list(numbers))]


def _core_ms(one: Detector, pictures: Sequence[Picture]) -> float:
    """Processor ms that a picture takes."""
    before = time.process_time()
    deque(one.detect(pictures), maxlen=0)
    return 1000 * (time.process_time() - before) / len(pictures)


def _idf1(weights: Path, footage: Footage) -> tuple[float, ...]:
    stride = sampled(footage.fps, SAMPLE_FPS, 0).stride
    with tempfile.TemporaryDirectory(prefix="mall-bench-") as folder:
        scores = [
            evaluate_tracking(
                **vars(footage),
                sample_fps=SAMPLE_FPS,
                phase=phase,
                weights=str(weights),
                tracks_out=Path(folder) / "tracks.csv",
                json_out=Path(folder) / "scores.json",
            )["idf1_1m"]
            for phase in range(stride)
        ]
    return tuple(float(score or 0.0) for score in scores)


def report(int8: Form, floating: Form) -> str:
    """Both forms, a line each, and whether what is wanted is met."""
    lines = [
        f"{name:16}{form.ms:8.1f} ms a picture {form.mean_idf1:8.1f} IDF1, mean of {len(form.idf1)} phases\n"
        for name, form in (("INT8", int8), ("floating point", floating))
    ]
    times, gained = floating.ms / int8.ms, int8.mean_idf1 - floating.mean_idf1
    judged = "met" if times >= LEAST_TIMES and gained >= -MOST_LOST else "MISSED"
    wanted = f"wanted {LEAST_TIMES} times, at most {MOST_LOST:g} lost"
    return "".join(lines) + f"{times:.2f} times as fast, {gained:+.1f} points; {wanted}: {judged}\n"


def _given(options: argparse.Namespace) -> Footage | None:
    return options.video and Footage(options.video, options.ground_truth, options.homography, options.fps)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-int8", description=__doc__)
    parser.add_argument("--weights", default=DEFAULT_DETECTOR, help="name, or `.pt` with its INT8 form beside it")
    parser.add_argument(
        "--video", type=Path, help="with --ground-truth, --homography and --fps, as mall evaluate tracking"
    )
    parser.add_argument("--ground-truth", type=Path)
    parser.add_argument("--homography", type=Path)
    parser.add_argument("--fps", type=float)
    parser.add_argument("--minutes", type=float, default=2.0, help="length of the film where none is given")
    parser.add_argument("--json", type=Path, default=Path("runs/bench-int8.json"), help="where the figures go")
    return parser.parse_args()


if __name__ == "__main__":
    main()
