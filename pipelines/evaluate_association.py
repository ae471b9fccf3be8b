"""How well people are identified over cameras: detections on the floor in, one id for each person out, compared with the truth."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines import floor_detections, scoring
from pipelines.association.identities import identify
from pipelines.evaluate import Progress, Result, cpu_s
from pipelines.floor_detections import NOBODY, FloorDetections


def evaluate_association(
    *, detections: Path, ground_truth: Path | None, tracks_out: Path, json_out: Path, progress: Progress | None = None
) -> Result:
    """Identify the people behind detections, write who each is and the scores, and return the scores.

    Scores are percent, null without a truth. A row is right or wrong as a whole, so places do not count. `core_s` is CPU time
    of the identification. Raises BadEvaluationFile for files that do not fit.
    """
    given = floor_detections.read_detections(detections)
    truth = None if ground_truth is None else floor_detections.read_identities(ground_truth, given)
    started_s = cpu_s()
    found = identify(given, progress)
    core_s = cpu_s() - started_s
    floor_detections.write_identities(tracks_out, given, found)
    result = {**_scores(given, truth, found), **_facts(given, found), "core_s": round(core_s, 3)}
    json_out.write_text(json.dumps(result, indent=2) + "\n")
    return result


def _scores(given: FloorDetections, truth: NDArray[np.int64] | None, found: NDArray[np.int64]) -> Result:
    names = ("idf1_1m", "hota_1m", "mota_1m", "id_switches", "true_ids")
    if truth is None:
        return dict.fromkeys(names)
    scores = scoring.of_rows(truth, found, np.lexsort((given.camera, given.time_s)), NOBODY)
    shares = (scores.idf1, scores.hota, scores.mota)
    true_ids = len(np.unique(truth[truth != NOBODY]))
    return dict(zip(names, (*(round(share, 3) for share in shares), scores.id_switches, true_ids), strict=True))


def _facts(given: FloorDetections, found: NDArray[np.int64]) -> Result:
    return {
        "idf1_box": None,
        "hota_box": None,
        "mota_box": None,
        "ids": len(np.unique(found[found != NOBODY])),
        "sample_fps": None if given.step_s is None else round(1 / given.step_s, 3),
        "frames_used": len(np.unique(np.column_stack([given.camera, given.frame]), axis=0)),
        "video_s": round(float(np.ptp(given.time_s)), 3),
    }
