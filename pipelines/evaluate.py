"""How well a video is tracked: run the tracker as extraction does and compare with the truth.

The true frame rate is given, not read: headers lie. Frames are taken by number, so a phase says which of the possible
samplings of the video is measured.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.vision import detector as detectors
from models.vision import reidentifier
from models.vision.crops import crop
from models.vision.reidentifier import Reidentifier
from models.vision.tracker import DetectionTable, Tracks, every_frame, track
from models.world.errors import BadEvaluationFile
from models.world.periods import Window
from models.world.places import Calibration
from pipelines import decode, mot_text, scoring
from pipelines.mot_text import MotText
from pipelines.steps import people_in

Result = dict[str, float | int | None]
Progress = Callable[[int, int], None]
Boxes = NDArray[np.float32]
DETECTOR = "mall-people"
"""Finds the people where no weights are given: the shipped detector."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Where the clock of an evaluated video starts; nothing depends on it."""


@dataclass(frozen=True)
class Sampling:
    """Every `stride`-th of the frames from the 0-based `phase` on; `fps` is the true rate of the video."""

    fps: float
    stride: int
    phase: int

    @property
    def step_s(self) -> float:
        """Seconds between samples."""
        return self.stride / self.fps

    def numbers(self, frames: int) -> range:
        """The 0-based numbers of the sampled frames of a video of so many."""
        return range(self.phase, frames, self.stride)

    def times_s(self, frames: int) -> NDArray[np.float64]:
        """When the sampled frames of a video of so many were taken, s from its start."""
        return np.array(self.numbers(frames)) / self.fps


class Seen(NamedTuple):
    """What the sampled frames show: detections, the number of frames of the whole video, width and height in px."""

    detections: DetectionTable
    frames: int
    picture: tuple[int, int]


def evaluate_tracking(
    *,
    video: Path | None = None,
    detections: Path | None = None,
    ground_truth: Path,
    homography: Path,
    fps: float,
    sample_fps: float | None = None,
    phase: int = 0,
    weights: str | None = None,
    reidentification: str | None = None,
    tracks_out: Path,
    json_out: Path,
    progress: Progress | None = None,
) -> Result:
    """Track a video, or given detections of it, write the tracks and the scores, and return the scores.

    Scores are percent, null where the truth has no floor positions. `core_s` is CPU time of this process and its children
    for decoding, detecting, embedding and tracking. `progress` is told (done, all) sampled frames. Raises BadEvaluationFile for
    files and options that do not fit, BadVideo, BadInput and NotInstalled as decoder and detector do.
    """
    sampling = sampled(fps, sample_fps, phase)
    truth, calibration = mot_text.read_truth(ground_truth), mot_text.read_homography(homography)
    look = _source(video, detections, weights, reidentification, truth, sampling, progress or _quiet)
    started_s = cpu_s()
    seen = look()
    tracks = track(seen.detections, calibration, seen.picture, sampling.times_s(seen.frames))
    core_s = cpu_s() - started_s
    rows = in_every_frame(tracks, seen, calibration, sampling)
    mot_text.write_tracks(tracks_out, rows)
    result = {**scores_of(truth, rows), **_facts(seen, sampling), "core_s": round(core_s, 3)}
    json_out.write_text(json.dumps(result, indent=2) + "\n")
    return result


def _quiet(_done: int, _total: int) -> None:
    """Nobody watches."""


def sampled(fps: float, sample_fps: float | None, phase: int) -> Sampling:
    """The sampling that the options ask for: every round(fps / sample_fps)-th frame. Raises BadEvaluationFile."""
    for name, rate in (("fps", fps), ("sample-fps", sample_fps if sample_fps is not None else fps)):
        if not (np.isfinite(rate) and rate > 0):
            raise BadEvaluationFile(f"--{name} must be a number of frames a second above 0; got {rate}")
    stride = max(1, round(fps / (sample_fps or fps)))
    if not 0 <= phase < stride:
        raise BadEvaluationFile(f"--phase must be 0 to {stride - 1}, as every {stride}th frame is taken; got {phase}")
    return Sampling(fps, stride, phase)


def _source(
    video: Path | None,
    detections: Path | None,
    weights: str | None,
    reidentification: str | None,
    truth: MotText,
    sampling: Sampling,
    progress: Progress,
) -> Callable[[], Seen]:
    """What will be run, checked and loaded before the clock starts."""
    if (video is None) == (detections is None):
        raise BadEvaluationFile("give either --video or --detections, one of them")
    last = int(truth.frame.max())
    if detections is not None:
        if weights is not None or reidentification is not None:
            option = "weights" if weights is not None else "reidentification"
            raise BadEvaluationFile(f"--{option} is for --video; given detections are taken as they are")
        given = mot_text.read_detections(detections)
        return lambda: _from_text(given, last, sampling)
    if video is None or not video.is_file():
        raise BadEvaluationFile(f"--video {video}: there is no such file")
    if weights is not None and os.sep in weights and not Path(weights).exists():
        raise BadEvaluationFile(f"--weights {weights}: there is no such file or folder")
    probe, path = decode.probe(video), video
    if last > probe.frames:
        raise BadEvaluationFile(
            f"the ground truth goes to frame {last}, but {path} has {probe.frames}: they do not belong together"
        )
    detector, looks = detectors.load(weights or DETECTOR), reidentifier.load(reidentification or reidentifier.DEFAULT)
    return lambda: seen_in_video(path, probe, detector, looks, sampling, progress)


def _from_text(given: MotText, last_true_frame: int, sampling: Sampling) -> Seen:
    """The given boxes in the sampled frames. Without a video it is as long, and as large, as the files reach."""
    frames = max(int(given.frame.max()), last_true_frame)
    rows = (given.frame - 1) % sampling.stride == sampling.phase
    boxes = given.boxes[rows]
    boxes[:, 2:] += boxes[:, :2]
    width_px, height_px = (int(np.ceil(edge)) for edge in (given.boxes[:, :2] + given.boxes[:, 2:]).max(axis=0))
    confidence = given.confidence[rows].astype(np.float32)
    table = _table(given.frame[rows] - 1, boxes.astype(np.float32), confidence, sampling)
    return Seen(table, frames, (width_px, height_px))


def seen_in_video(
    path: Path,
    probe: decode.Probe,
    detector: detectors.Detector,
    looks: Reidentifier,
    sampling: Sampling,
    progress: Progress,
) -> Seen:
    """What the detector finds in the sampled frames, and what it looks like."""
    wanted = sampling.numbers(probe.frames)
    window = Window(EPOCH, EPOCH + timedelta(seconds=probe.frames / sampling.fps))
    found, embeddings = [], [looks.embed([])]
    frames = decode.frames(path, window, numbers=slice(wanted.start, wanted.stop, wanted.step))
    for frame, people in people_in(frames, detector):
        found.append((frame.number, people))
        embeddings.append(looks.embed([crop(frame.picture, box) for box in people.boxes_px]))
        progress(len(found), len(wanted))
    numbers = np.array([number for number, people in found for _ in range(len(people))], dtype=np.int64)
    boxes = np.concatenate([np.zeros((0, 4), np.float32), *(people.boxes_px for _, people in found)])
    confidence = np.concatenate([np.zeros(0, np.float32), *(people.confidence for _, people in found)])
    table = replace(_table(numbers, boxes, confidence, sampling), embedding=np.concatenate(embeddings))
    return Seen(table, probe.frames, (probe.width_px, probe.height_px))


def _table(numbers: NDArray[np.int64], boxes_px: Boxes, confidence: Boxes, sampling: Sampling) -> DetectionTable:
    """Detections with the times that the true rate gives to 0-based frame numbers."""
    return DetectionTable(numbers / sampling.fps, (numbers + 1).astype(np.int32), boxes_px, confidence)


def in_every_frame(tracks: Tracks, seen: Seen, calibration: Calibration, sampling: Sampling) -> Tracks:
    """The tracks at every frame of the whole video, by which they are scored."""
    numbers = np.arange(seen.frames)
    frame, taken_at_s = (numbers + 1).astype(np.int32), numbers / sampling.fps
    return every_frame(tracks, frame, taken_at_s, calibration, seen.picture, sampling.step_s)


def scores_of(truth: MotText, rows: Tracks) -> Result:
    """Scores of tracks at every frame, percent, on the floor and in the picture, and how many ids there are."""
    sizes = rows.boxes_px[:, 2:] - rows.boxes_px[:, :2]
    found_boxes = np.hstack([rows.boxes_px[:, :2], sizes]).astype(np.float64)
    frame, person = rows.frame.astype(np.int64), rows.track.astype(np.int64)
    box = scoring.in_picture(
        scoring.Marks(truth.frame, truth.id, truth.boxes), scoring.Marks(frame, person, found_boxes)
    )
    floor = None
    if np.isfinite(truth.xy_m).all():
        floor = scoring.on_floor(
            scoring.Marks(truth.frame, truth.id, truth.xy_m), scoring.Marks(frame, person, rows.xy_m)
        )
    percent = {
        f"{name}_{kind}": None if scores is None else round(getattr(scores, name), 3)
        for kind, scores in (("1m", floor), ("box", box))
        for name in ("idf1", "hota", "mota")
    }
    ids, true_ids = len(np.unique(person)), len(np.unique(truth.id))
    return {**percent, "id_switches": (floor or box).id_switches, "ids": ids, "true_ids": true_ids}


def _facts(seen: Seen, sampling: Sampling) -> Result:
    return {
        "sample_fps": round(sampling.fps / sampling.stride, 6),
        "frames_used": len(sampling.numbers(seen.frames)),
        "video_s": round(seen.frames / sampling.fps, 3),
    }


def cpu_s() -> float:
    """CPU seconds of this process, all its threads, and its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
