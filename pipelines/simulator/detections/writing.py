"""`simulate_detections`: a folder with single-camera detections on the floor, and the truth about them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from models.world.errors import BadInput
from models.world.places import Site
from pipelines import site_file
from pipelines.floor_detections import COLUMNS, IDENTITIES, NOBODY
from pipelines.simulator.detections.building import FEWEST_CAMERAS
from pipelines.simulator.detections.hall import hall
from pipelines.simulator.detections.looks import Appearance, Looks, dress
from pipelines.simulator.detections.noise import Noise
from pipelines.simulator.detections.scene import Scene
from pipelines.simulator.detections.visitors import mall
from pipelines.simulator.detections.watching import Rows, tracklets, watch_all
from pipelines.simulator.output import TIME_ZONE, Progress, check_minutes, empty_folder, quiet

LAYOUTS, FORMATS = {"overlapping": hall, "mall": mall}, ("parquet", "csv")
MOST_FPS = 30
_AT_ONCE = 100_000
_MOVED, _WATCHED = 0.3, 0.6
"""The share of the work done when all people have moved, and when all cameras have watched."""


@dataclass(frozen=True)
class Detected:
    """What `simulate_detections` has written; `rank1` is measured, None without embeddings."""

    folder: Path
    site: Site
    detections: Path
    rows: int
    false: int
    people_seen: int
    rank1: float | None


def simulate_detections(
    out_dir: Path | str,
    *,
    layout: str = "overlapping",
    cameras: int = 7,
    people: int = 20,
    minutes: float = 2.0,
    fps: float = 1.0,
    seed: int = 0,
    noise: Noise | None = None,
    looks: Appearance | None = None,
    file_format: str = "parquet",
    progress: Progress | None = None,
) -> Detected:
    """Write `detections.parquet` (or `.csv`), `truth.csv` and `site.yaml` into a new or empty folder.

    A detection is `camera, frame, timestamp, floor, x_m, y_m, height_px, confidence` and the numbers of its embedding,
    `e0` on, as half floats; rows are in order of time. `truth.csv` has `camera, frame, row, id`, a line for each of
    these rows, counted from 0; `id` is empty for a false one. All cameras look at the same moments: `frame` counts them
    from 0, `timestamp` is in seconds from the first. The same arguments give the same files, and the same people walk
    the same ways whatever `noise` and `looks` are. Raises BadInput for numbers out of range and for a folder that
    cannot be used.
    """
    noise, looks, report = noise or Noise(), looks or Appearance(), progress or quiet
    _check(layout, file_format, cameras, looks)
    _check_size(people, minutes, fps)
    folder = empty_folder(Path(out_dir))
    world, watching, dressing = np.random.SeedSequence(seed).spawn(3)
    random, samples = np.random.default_rng(world), max(1, round(minutes * 60 * fps))
    scene = LAYOUTS[layout](cameras, people, samples, fps, random, _part(report, 0.0, _MOVED))
    rows = watch_all(scene, noise, fps, watching, _part(report, _MOVED, _WATCHED))
    site = Site(scene.name, TIME_ZONE, scene.floors, (), tuple(watch.camera(fps) for watch in scene.watches))
    site_file.write(site, folder / "site.yaml")
    random = np.random.default_rng(dressing)
    dressed = dress(looks, people, cameras, tracklets(rows), random) if looks.dimension else None
    tables = _tables(rows, scene, fps, dressed, random, _part(report, _WATCHED, 1.0))
    path = folder / f"detections.{file_format}"
    (_write_csv if file_format == "csv" else _write_parquet)(path, tables)
    _truth(rows, scene).to_csv(folder / "truth.csv", index=False, lineterminator="\n")
    true = rows["person"] != NOBODY
    seen, false = len(np.unique(rows["person"][true])), int((~true).sum())
    return Detected(folder, site, path, len(rows), false, seen, dressed.rank1(random) if dressed else None)


def _part(progress: Progress, start: float, end: float) -> Progress:
    """Told the share of a part of the work."""
    return lambda share: progress(start + (end - start) * share)


def _check(layout: str, file_format: str, cameras: int, looks: Appearance) -> None:
    for what, given, known in (("layout", layout, LAYOUTS), ("format", file_format, FORMATS)):
        if given not in known:
            raise BadInput(f"there is no {what} {given!r}; known: {', '.join(known)}")
    fewest = FEWEST_CAMERAS if layout == "mall" else 1
    if cameras < fewest:
        raise BadInput(f"the layout {layout} needs at least {fewest} camera{'s' * (fewest > 1)}; got {cameras}")
    if looks.dimension and cameras < 2:
        raise BadInput("rank-1 is measured between cameras, so embeddings need at least 2 of them; got 1")


def _check_size(people: int, minutes: float, fps: float) -> None:
    if people < 1:
        raise BadInput(f"detections need at least 1 person; got {people}")
    check_minutes(minutes)
    if not 0 < fps <= MOST_FPS:
        raise BadInput(f"cameras look more than 0 and at most {MOST_FPS} times a second; got {fps}")


def _tables(
    rows: Rows, scene: Scene, fps: float, looks: Looks | None, random: np.random.Generator, progress: Progress
) -> Iterator[pa.Table]:
    """The detections, so many at once that the embeddings of all need not be held."""
    ids = np.array([watch.id for watch in scene.watches])
    floors = np.array([watch.floor for watch in scene.watches])
    for first in range(0, max(1, len(rows)), _AT_ONCE):
        part = rows[first : first + _AT_ONCE]
        time_s = (part["frame"] / fps).round(6)
        seen = (part[name] for name in ("x_m", "y_m", "height_px", "confidence"))
        camera = part["camera"]
        columns = dict(zip(COLUMNS, (ids[camera], part["frame"], time_s, floors[camera], *seen), strict=True))
        if looks:
            vectors = looks.of(part, random).astype(np.float16)
            columns |= {f"e{number}": vectors[:, number] for number in range(vectors.shape[1])}
        yield pa.table(columns)
        progress(min(1.0, (first + _AT_ONCE) / max(1, len(rows))))


def _write_parquet(path: Path, tables: Iterator[pa.Table]) -> None:
    first = next(tables)
    with pq.ParquetWriter(path, first.schema) as writer:
        for table in chain([first], tables):
            writer.write_table(table)


def _write_csv(path: Path, tables: Iterator[pa.Table]) -> None:
    with path.open("w") as file:
        for number, table in enumerate(tables):
            table.to_pandas().to_csv(file, header=number == 0, index=False, lineterminator="\n")


def _truth(rows: Rows, scene: Scene) -> pd.DataFrame:
    """Who each row is, counted from 1."""
    ids = np.array([watch.id for watch in scene.watches])
    person = pd.Series(rows["person"] + 1, dtype="Int32").mask(rows["person"] == NOBODY)
    columns = (ids[rows["camera"]], rows["frame"], np.arange(len(rows)), person)
    return pd.DataFrame(dict(zip(IDENTITIES, columns, strict=True)))
