"""How well one camera's people are tracked in dense simulated crowds: one row for each scene, over several seeds.

Everybody walks, stops and crosses in one hall of 22 x 13 m, 17 or 18 in view at a time. Of those in view 5 % are missed at random, and
all who are covered by three fifths by somebody in front; 2 % of the detections are of nobody. Feet are off by 5 % of the height
in the picture, its height by 5 %. Who is out of view for longer than 5 s is somebody new.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.vision.tracker import DetectionTable, track
from pipelines.evaluate import Result, Sampling, Seen, cpu_s, in_every_frame, sampled, scores_of
from pipelines.mot_text import MotText
from pipelines.scene_rows import Report, Row, measured
from pipelines.simulator.detections.boxes import boxes_px
from pipelines.simulator.detections.hall import hall
from pipelines.simulator.detections.looks import Appearance, Vectors, dress
from pipelines.simulator.detections.noise import Noise
from pipelines.simulator.detections.scene import Floats, Scene
from pipelines.simulator.detections.watching import Rows, tracklets, watch_all
from pipelines.simulator.output import quiet
from pipelines.simulator.view import View

FPS = 10.0
"""Of the video that is thought of: the truth has so many frames a second."""
NOISE = Noise(misses=0.05, place_m=0.0, false=0.02, hidden=0.6, foot=0.05, height=0.05)
EXACT = Noise(misses=0.0, place_m=0.0, false=0.0, height=0.0)
CAMERAS, DIMENSION = 2, 64
"""Rank-1 is between cameras; the first is looked through. Numbers of an embedding."""


@dataclass(frozen=True)
class Crowd:
    """How many people come within how many minutes, how often is looked, and the rank-1 of their embeddings, None without."""

    sample_fps: float
    rank1: float | None = None
    people: int = 24
    minutes: float = 1.0


SCENES: Mapping[str, Crowd] = {
    "crowd-1fps": Crowd(1.0),
    "crowd-2fps": Crowd(2.0),
    "crowd-1fps-looks": Crowd(1.0, rank1=0.8),
    "long-crowd-1fps": Crowd(1.0, people=26, minutes=2.0),
    "long-crowd-2fps": Crowd(2.0, people=26, minutes=2.0),
    "long-crowd-1fps-looks": Crowd(1.0, rank1=0.8, people=26, minutes=2.0),
}
"""The same crowds looked at once and twice a second, with embeddings of 64 numbers and without, for one minute and for two."""


def measure(scene: str, seeds: Sequence[int], report: Report, scenes: Mapping[str, Crowd] = SCENES) -> Row:
    """The scene simulated and tracked with each of the seeds. Raises BadInput for a scene that there is not."""
    return measured(scene, scenes, seeds, _tracked, report)


def _tracked(crowd: Crowd, seed: int) -> Result:
    world, watching, true, dressing = np.random.SeedSequence(seed).spawn(4)
    frames, random = round(FPS * 60 * crowd.minutes), np.random.default_rng(dressing)
    scene = hall(CAMERAS, crowd.people, frames, FPS, np.random.default_rng(world), quiet)
    truth = _truth(_through_first(watch_all(scene, EXACT, FPS, true, quiet)), scene.watches[0].view)
    rows, sampling = watch_all(scene, NOISE, FPS, watching, quiet), sampled(FPS, crowd.sample_fps, 0)
    looks = None
    if crowd.rank1 is not None:
        looks = dress(Appearance(DIMENSION, crowd.rank1), crowd.people, CAMERAS, tracklets(rows), random)
    rows = _through_first(rows)
    rows = rows[rows["frame"] % sampling.stride == sampling.phase]
    embedding = None if looks is None else looks.of(rows, random)
    return _scored(
        Seen(_detected(rows, scene.watches[0].view, embedding), frames, _picture(scene)), truth, scene, sampling
    )


def _through_first(rows: Rows) -> Rows:
    return np.asarray(rows[rows["camera"] == 0])


def _picture(scene: Scene) -> tuple[int, int]:
    view = scene.watches[0].view
    return view.width_px, view.height_px


def _detected(rows: Rows, view: View, embedding: Vectors | None) -> DetectionTable:
    boxes = boxes_px(_places(rows), rows["height_px"].astype(np.float64), view).astype(np.float32)
    return DetectionTable(rows["frame"] / FPS, rows["frame"] + np.int32(1), boxes, rows["confidence"], embedding)


def _truth(rows: Rows, view: View) -> MotText:
    boxes = boxes_px(_places(rows), rows["height_px"].astype(np.float64), view)
    boxes[:, 2:] -= boxes[:, :2]
    number = np.arange(len(rows))
    return MotText(number, rows["frame"] + 1, rows["tracklet"] + 1, boxes, np.ones(len(rows)), _places(rows))


def _places(rows: Rows) -> Floats:
    return np.column_stack([rows["x_m"], rows["y_m"]])


def _scored(seen: Seen, truth: MotText, scene: Scene, sampling: Sampling) -> Result:
    calibration = scene.watches[0].view.calibration()
    started_s = cpu_s()
    tracks = track(seen.detections, calibration, seen.picture, sampling.times_s(seen.frames))
    core_s = cpu_s() - started_s
    return {**scores_of(truth, in_every_frame(tracks, seen, calibration, sampling)), "core_s": round(core_s, 3)}
