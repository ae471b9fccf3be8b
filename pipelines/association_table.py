"""How well people are identified over simulated cameras: one row for each scene, over several seeds."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.evaluate import Result
from pipelines.evaluate_association import evaluate_association
from pipelines.scene_rows import Report, Row, measured
from pipelines.simulator.detections import Appearance, Noise, simulate_detections

_HALL = {"layout": "overlapping", "cameras": 7, "people": 15, "minutes": 200 / 60, "fps": 2.0}
_BURSTS = Noise(misses=0.25, burst_s=2.0, place_m=0.0, foot_px=3.0)
SCENES: Mapping[str, Mapping[str, Any]] = {
    "hall": _HALL,
    "hall-bursts": {**_HALL, "noise": _BURSTS},
    "hall-bursts-looks": {**_HALL, "noise": _BURSTS, "looks": Appearance(64, 0.78)},
    "mall": {"layout": "mall", "cameras": 24, "people": 200, "minutes": 20.0, "looks": Appearance(64, 0.8)},
    "large-mall": {"layout": "mall", "cameras": 1000, "people": 2000, "minutes": 60.0, "looks": Appearance(64, 0.8)},
}
"""What is simulated: seven overlapping cameras with 10 % misses and errors of 0.2 m; the same with 25 % misses in bursts and 3 px of
error; the same with embeddings; 24, and 1,000, cameras that mostly do not overlap."""
USUAL = tuple(name for name in SCENES if name != "large-mall")


def measure(scene: str, seeds: Sequence[int], report: Report, scenes: Mapping[str, Mapping[str, Any]] = SCENES) -> Row:
    """The scene simulated and identified with each of the seeds. Raises BadInput for a scene that there is not."""
    return measured(scene, scenes, seeds, _identified, report)


def _identified(scene: Mapping[str, Any], seed: int) -> Result:
    with tempfile.TemporaryDirectory(prefix="mall-scene-") as folder:
        made = simulate_detections(Path(folder) / "scene", seed=seed, **scene)
        return evaluate_association(
            detections=made.detections,
            ground_truth=made.folder / "truth.csv",
            tracks_out=Path(folder) / "tracks.csv",
            json_out=Path(folder) / "scores.json",
        )
