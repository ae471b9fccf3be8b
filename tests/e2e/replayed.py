"""A day of short recordings, and an extractor that remembers what the detector saw in them.

A few scenes are filmed, and every recording of the day shows one of them. What the detector finds in each is found once,
in its real video; from there on every recording goes the real way: tracks, descriptions, results in the object store,
ledger, association, loading. Every third scene crosses a full hour. The scenes are minutes apart, so nobody is in two of
them, and nothing in them is in doubt: association learns from all of an hour, so with more of it extracted it would settle
doubts otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

from models.world.people import segment_id
from models.world.periods import Window
from models.world.places import Segment, Site
from pipelines import sink, steps
from pipelines.guard import DecodeLimits
from pipelines.looking import Rate
from pipelines.objects import FolderStore, Objects, sha256_of
from pipelines.sink import Result
from pipelines.steps import NO_ERROR, Describe, Detect, Row, Track
from sql.ledger import CORRUPT, Claim
from sql.store import Store
from tests.pipelines.blobs import blob_detector, film
from tests.pipelines.hall import PLAN, Hall, hall

OPENS = datetime(2026, 11, 20, 8, 59, 54, tzinfo=UTC)
HOURS, EVERY, SECONDS, SCENES = 24, timedelta(minutes=20), 12, 4
LENGTH = timedelta(seconds=SECONDS)
DAY = Window(OPENS, OPENS + timedelta(hours=HOURS))
SAMPLE_FPS = 1.0
UNRECORDED, UNUSABLE = 0.1, 0.05
Detections = Mapping[str, pa.Table]
"""By a video's key what the detector found in it; times from the video's start."""


@dataclass(frozen=True)
class Day:
    """The site, every recording of it, and what the detector found in the videos; nothing in those that are unusable."""

    site: Site
    segments: tuple[Segment, ...]
    detections: Detections


def filmed_day(folder: Path, seed: int) -> Day:
    """A day of which some recordings are missing and some cannot be used."""
    random, objects = Random(seed), FolderStore(folder / "video")
    scenes = [scene(one) for one in range(SCENES)]
    site = scenes[0].site
    clips = {
        camera.id: [_clip(one, number, camera.id, folder, objects) for number, one in enumerate(scenes)]
        for camera in site.cameras
    }
    segments = []
    for start in (OPENS + number * EVERY for number in range(int(DAY.seconds / EVERY.total_seconds()))):
        number = random.randrange(SCENES)
        for camera in site.cameras:
            if random.random() >= UNRECORDED:
                clip = clips[camera.id][number]
                key = "unusable" if random.random() < UNUSABLE else clip.key
                identity = segment_id(camera.id, start, clip.sha256)
                recorded = Window(start, start + LENGTH)
                segments.append(replace(clip, segment_id=identity, window=recorded, key=key))
    detect = Detect(objects, blob_detector(), Rate(SAMPLE_FPS, 1 / SAMPLE_FPS, 1 / SAMPLE_FPS), DecodeLimits())
    seen = {clip.key: _seen(clip, detect, site) for one in clips.values() for clip in one}
    return Day(site, tuple(segments), seen)


class Replay:
    """A runner, and warm actors to whoever expects them: works on rows in this process. `wrote` is called after each."""

    name = "warm"

    def __init__(self, day: Day, objects: Objects, store: Store, wrote: Callable[[], None] = lambda: None) -> None:
        self.worked_on: list[str] = []
        self._day, self._objects, self._store, self._wrote = day, objects, store, wrote
        self._describe = Describe(clothes_by_brightness)

    def places(self) -> int:
        return 1

    def run(self, rows: Sequence[Row], site: Site, longest_s: float) -> list[Result]:
        return [self._work(row, site) for row in rows]

    def stop(self) -> None:
        pass

    def _work(self, row: Row, site: Site) -> Result:
        self.worked_on.append(row["segment_id"])
        described = self._describe(Track(site)(self._detected(row)))
        result = sink.write(described, self._objects, self._store)
        self._wrote()
        return result

    def _detected(self, row: Row) -> Row:
        seen = self._day.detections.get(row["key"])
        if seen is None:
            return {**row, "detections": b"", "error": "BadVideo: no video", "verdict": CORRUPT}
        start_s = datetime.fromisoformat(row["start"]).timestamp()
        looked_s = (start_s + np.arange(0.0, SECONDS, 1 / SAMPLE_FPS)).tolist()
        return {**row, "detections": steps.to_ipc(_moved(seen, start_s)), "looked_s": looked_s}


def clothes_by_brightness() -> Any:
    """Greens and blues from how blue a rectangle is, one shade of which nobody can name."""

    class Clothes:
        def describe(self, crops_bgr: Sequence[Any]) -> list[dict[str, dict[str, float]]]:
            return [self._of(crop) for crop in crops_bgr]

        def _of(self, crop: Any) -> dict[str, dict[str, float]]:
            bright = crop[crop[..., 1] > 120]
            blue = float(np.median(bright[:, 0])) if len(bright) else 0.0
            green = {60: 0.95, 100: 0.5, 140: 0.2, 180: 0.05}[min((60, 100, 140, 180), key=lambda one: abs(one - blue))]
            return {"shirt": {"green": green, "blue": 1 - green}, "shoes": {"yes": green, "no": 1 - green}}

    return Clothes()


def scene(seed: int) -> Hall:
    """Two of four people cross the hall, so far from each other that nobody can doubt who is who."""
    random, empty = Random(seed), hall(people=4, cameras=2, seconds=SECONDS)
    left, low, right, high = PLAN.hall
    walks = np.full_like(empty.walks, np.nan)
    for person, lane in zip(random.sample(range(4), 2), (0.35, 0.75), strict=True):
        shares = np.linspace(*random.sample((0.3, 0.7), 2), walks.shape[1])
        walks[person, :, 0] = left + (right - left) * shares
        walks[person, :, 1] = low + (high - low) * random.gauss(lane, 0.02)
    return replace(empty, walks=walks)


def _seen_by(camera: int, whole: Hall) -> Hall:
    """One camera sees the first half of everybody's way, the other one the rest."""
    walks, half = whole.walks.copy(), SECONDS * 10 // 2
    walks[:, half:] = walks[:, half:] if camera else np.nan
    walks[:, :half] = np.nan if camera else walks[:, :half]
    return replace(whole, walks=walks)


def _clip(whole: Hall, number: int, camera: str, folder: Path, objects: FolderStore) -> Segment:
    cut = folder / f"{camera}-{number}"
    cut.mkdir()
    path = film(_seen_by([one.id for one in whole.site.cameras].index(camera), whole), cut, SECONDS)[camera]
    key, sha256 = f"video/{camera}-{number}.mp4", sha256_of(path)
    objects.put_file(key, path, sha256)
    window, frames = Window(OPENS, OPENS + LENGTH), round(10 * LENGTH.total_seconds())
    size = path.stat().st_size
    return Segment(segment_id(camera, OPENS, sha256), camera, window, sha256, key, size, 640, 384, frames, 1.0)


def _seen(clip: Segment, detect: Detect, site: Site) -> pa.Table:
    row = detect(steps.task(Claim(clip.segment_id, "seen", 1), clip), site)
    assert row["error"] == NO_ERROR
    return _moved(steps.from_ipc(row["detections"]), -clip.window.start_s)


def _moved(seen: pa.Table, by_s: float) -> pa.Table:
    at = seen.schema.get_field_index("taken_at_s")
    return seen.set_column(at, seen.schema.field(at), pa.array(seen["taken_at_s"].to_numpy() + by_s))
