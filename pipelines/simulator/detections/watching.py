"""The detections of all cameras of a scene, as one table of rows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.floor_detections import NOBODY
from pipelines.simulator.detections import noise as noises
from pipelines.simulator.detections.boxes import covered
from pipelines.simulator.detections.noise import Noise
from pipelines.simulator.detections.scene import Crowd, Floats, Ints, Scene, Watch
from pipelines.simulator.output import Progress

ROW = np.dtype(
    [
        ("camera", np.int32),
        ("frame", np.int32),
        ("x_m", np.float64),
        ("y_m", np.float64),
        ("height_px", np.float32),
        ("confidence", np.float32),
        ("person", np.int32),
        ("tracklet", np.int32),
        ("turn", np.float32),
    ]
)
"""A detection: `camera` and `person` count from 0, `person` is `NOBODY` for a false one; `tracklet` is one stay of a person in
a view; `turn` (radians) is how far the person has turned, as the look knows it."""
Rows = NDArray[np.void]
_AWAY_S = 5.0
"""Who is out of view for longer begins a new tracklet."""
_TURN_S = 30.0
"""After this time, looks are correlated by 1/e: cos of a random walk of the angle whose variance grows by 2 in it."""
_FALSE_HEIGHT_M = (0.8, 2.0)


def watch_all(scene: Scene, noise: Noise, fps: float, seed: np.random.SeedSequence, progress: Progress) -> Rows:
    """All detections, by frame and camera, in no order within; `progress` is told the share of cameras done."""
    *seeds, last = seed.spawn(len(scene.watches) + 1)
    seen = []
    for number, (watch, own) in enumerate(zip(scene.watches, seeds, strict=True)):
        seen.append(_watch(number, watch, scene.crowd, noise, fps, np.random.default_rng(own)))
        progress((number + 1) / len(scene.watches))
    random = np.random.default_rng(last)
    rows = np.concatenate([*_apart(seen), *_false(scene, sum(map(len, seen)), noise, random)])
    return rows[np.lexsort([random.random(len(rows)), rows["camera"], rows["frame"]])]


def tracklets(rows: Rows) -> int:
    """One more than the last tracklet's number."""
    return 1 + int(rows["tracklet"].max(initial=NOBODY))


def _watch(number: int, watch: Watch, crowd: Crowd, noise: Noise, fps: float, random: np.random.Generator) -> Rows:
    moments = crowd.near(watch)
    xy_m = crowd.xy_m.reshape(-1, 2)[moments].astype(np.float64)
    seen = watch.sees(xy_m)
    moments, xy_m = moments[seen], xy_m[seen]
    begins = _begins(moments, crowd.samples, fps)
    kept = ~noises.missed(begins, noise, fps, random) & ~_hidden(moments, xy_m, watch, crowd, noise)
    turn = np.cumsum(random.normal(0, np.sqrt(2 / fps / _TURN_S), len(moments)))
    person, frame = np.divmod(moments[kept], crowd.samples)
    rows = _rows(number, frame, xy_m[kept], crowd.height_m[person], watch, noise, random)
    rows["confidence"] = noises.confidence(xy_m[kept], watch.view, random)
    rows["person"], rows["tracklet"], rows["turn"] = person, np.cumsum(begins)[kept] - 1, turn[kept]
    return rows


def _hidden(moments: Ints, xy_m: Floats, watch: Watch, crowd: Crowd, noise: Noise) -> NDArray[np.bool_]:
    """Who, (n,), cannot be detected for somebody in front."""
    if noise.hidden == 1:
        return np.zeros(len(moments), dtype=bool)
    person, frame = np.divmod(moments, crowd.samples)
    return covered(frame, xy_m, crowd.height_m[person], watch.view) > noise.hidden


def _begins(moments: Ints, samples: int, fps: float) -> NDArray[np.bool_]:
    """Where a tracklet begins: with another person, or after a time out of view."""
    begins = np.ones(len(moments), dtype=bool)
    begins[1:] = (np.diff(moments) > _AWAY_S * fps) | (np.diff(moments // samples) != 0)
    return begins


def _false(scene: Scene, true: int, noise: Noise, random: np.random.Generator) -> list[Rows]:
    """Detections of nobody, anywhere in any camera at any time."""
    count = random.poisson(true * noise.false / (1 - noise.false))
    share = np.full(len(scene.watches), 1 / len(scene.watches))
    found = []
    for number, (watch, amount) in enumerate(zip(scene.watches, random.multinomial(count, share), strict=True)):
        frame = random.integers(scene.crowd.samples, size=amount)
        height_m = random.uniform(*_FALSE_HEIGHT_M, amount)
        rows = _rows(number, frame, watch.anywhere(amount, random), height_m, watch, noise, random)
        rows["confidence"] = noises.false_confidence(amount, random)
        rows["person"] = rows["tracklet"] = NOBODY
        found.append(rows)
    return found


def _rows(
    number: int, frame: Ints, xy_m: Floats, height_m: Floats, watch: Watch, noise: Noise, random: np.random.Generator
) -> Rows:
    rows = np.zeros(len(frame), dtype=ROW)
    rows["camera"], rows["frame"] = number, frame
    rows["x_m"], rows["y_m"] = noises.misplaced(xy_m, height_m, watch.view, noise, random).round(3).T
    rows["height_px"] = noises.height_px(xy_m, height_m, watch.view, noise, random).round(2)
    return rows


def _apart(seen: Sequence[Rows]) -> Sequence[Rows]:
    """The same, with the tracklets of all cameras numbered through."""
    first = 0
    for rows in seen:
        rows["tracklet"] += first
        first = max(first, tracklets(rows))
    return seen
