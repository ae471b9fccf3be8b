"""Files of the association's evaluation: single-camera detections on the floor, and who each of them is.

Detections: `camera,frame,timestamp,floor,x_m,y_m,height_px,confidence[,e0..eN]`, CSV or Parquet, one row each, timestamp in s.
Identities: `camera,frame,row,id`, the row counted from 0, every row once, an empty id for a false detection.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv, parquet

from models.world.errors import BadEvaluationFile

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Integers = NDArray[np.int64]
COLUMNS = ("camera", "frame", "timestamp", "floor", "x_m", "y_m", "height_px", "confidence")
IDENTITIES = ("camera", "frame", "row", "id")
NOBODY = -1
"""The id of a false detection."""


@dataclass(frozen=True)
class FloorDetections:
    """n detections as they stand in the file: `camera` (n,) index in `cameras`, `frame` (n,), `time_s` (n,), `floor` (n,) index in
    `floors`, `xy_m` (n, 2), `height_px` (n,), `confidence` (n,), `embedding` (n, d) float32, d may be 0.
    """

    cameras: tuple[str, ...]
    floors: tuple[str, ...]
    camera: Integers
    frame: Integers
    time_s: Floats
    floor: Integers
    xy_m: Floats
    height_px: Floats
    confidence: Floats
    embedding: Floats32

    def __len__(self) -> int:
        return len(self.camera)

    @property
    def step_s(self) -> float | None:
        """The median time between neighbouring frames of a camera; None where no camera has two."""
        order = np.lexsort((self.time_s, self.camera))
        waits_s = np.diff(self.time_s[order])[np.diff(self.camera[order]) == 0]
        return float(np.median(waits_s[waits_s > 0])) if (waits_s > 0).any() else None


def read_detections(path: Path) -> FloorDetections:
    """Read and check a file. Raises BadEvaluationFile, naming the first row that is wrong (0-based)."""
    table = _table(path, "detections")
    axes = _axes(path, table.column_names)
    numbers = {name: _numbers(path, table, name) for name in COLUMNS[1:3] + COLUMNS[4:]}
    camera, floor = (_labels(path, table, name) for name in ("camera", "floor"))
    embedding = [_numbers(path, table, name).astype(np.float32) for name in axes]
    found = FloorDetections(
        cameras=camera[0],
        floors=floor[0],
        camera=camera[1],
        frame=numbers["frame"].astype(np.int64),
        time_s=numbers["timestamp"],
        floor=floor[1],
        xy_m=np.column_stack([numbers["x_m"], numbers["y_m"]]),
        height_px=numbers["height_px"],
        confidence=numbers["confidence"],
        embedding=np.column_stack(embedding) if axes else np.zeros((len(table), 0), np.float32),
    )
    _refuse(path, (found.confidence < 0) | (found.confidence > 1), "confidence must be 0 to 1", found.confidence)
    _refuse(path, found.height_px <= 0, "height_px must be above 0", found.height_px)
    _refuse_two_floors(path, found)
    _refuse_disordered_frames(path, found)
    return found


def read_identities(path: Path, detections: FloorDetections) -> Integers:
    """The true id of each detection, numbered from 0, `NOBODY` for false ones. Raises BadEvaluationFile."""
    table = _table(path, "ground truth")
    _refuse_missing(path, table.column_names, IDENTITIES)
    row = _numbers(path, table, "row").astype(np.int64)
    if len(row) != len(detections) or not np.array_equal(np.sort(row), np.arange(len(detections))):
        raise BadEvaluationFile(
            f"{path}: {len(row)} rows; expected each of the {len(detections)} rows of the detections once, from 0"
        )
    word = pc.fill_null(table["id"].cast(pa.string()), "").combine_chunks().dictionary_encode()
    words = word.dictionary.to_pylist()
    number = np.array([NOBODY if not text.strip() else index for index, text in enumerate(words)], dtype=np.int64)
    found = np.empty(len(row), dtype=np.int64)
    found[row] = number[word.indices.to_numpy()]
    return found


def write_identities(path: Path, detections: FloorDetections, identity: Integers) -> None:
    """Write who each detection is, in order of the rows; `NOBODY` as an empty id."""
    table = pa.table(
        {
            "camera": pa.array(detections.cameras).take(pa.array(detections.camera)),
            "frame": detections.frame,
            "row": np.arange(len(detections)),
            "id": pa.array(identity, mask=identity == NOBODY),
        }
    )
    with path.open("wb") as file:
        file.write((",".join(IDENTITIES) + "\n").encode())
        csv.write_csv(table, file, csv.WriteOptions(include_header=False, quoting_style="none"))


def _table(path: Path, what: str) -> pa.Table:
    try:
        table = parquet.read_table(path) if path.suffix == ".parquet" else csv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise BadEvaluationFile(f"{path}: the {what} file cannot be read ({error})") from error
    if not len(table):
        raise BadEvaluationFile(f"{path}: there is not a single row in the {what} file")
    return table


def _axes(path: Path, names: Sequence[str]) -> list[str]:
    """The names of the embedding's columns, in order."""
    _refuse_missing(path, names, COLUMNS, "[,e0..eN]")
    axes = [name for name in names if re.fullmatch(r"e\d+", name)]
    if sorted(axes, key=lambda name: int(name[1:])) != [f"e{number}" for number in range(len(axes))]:
        raise BadEvaluationFile(
            f"{path}: the embedding's columns must be e0, e1 and so on without a gap; got {axes[:8]}"
        )
    return sorted(axes, key=lambda name: int(name[1:]))


def _labels(path: Path, table: pa.Table, name: str) -> tuple[tuple[str, ...], Integers]:
    column = table[name].combine_chunks()
    if column.null_count:
        _refuse(path, column.is_null().to_numpy(zero_copy_only=False), f"{name} is empty", None)
    words, index = np.unique(column.cast(pa.string()).to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    return tuple(words.tolist()), index.astype(np.int64)


def _numbers(path: Path, table: pa.Table, name: str) -> Floats:
    column = table[name]
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        raise BadEvaluationFile(f"{path}: {name} must be numbers; the column holds {column.type}, such as {column[0]}")
    values = column.cast(pa.float64()).to_numpy()
    _refuse(path, ~np.isfinite(values), f"{name} must be a finite number", values)
    return np.asarray(values, dtype=np.float64)


def _refuse(path: Path, wrong: NDArray[np.bool_], what: str, values: NDArray[np.floating] | None) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        got = "" if values is None else f"; got {values[row]}"
        raise BadEvaluationFile(f"{path}, row {row}: {what}{got} ({int(wrong.sum())} such rows)")


def _refuse_disordered_frames(path: Path, found: FloorDetections) -> None:
    order = np.lexsort((found.time_s, found.frame, found.camera))
    same_camera = np.diff(found.camera[order]) == 0
    same_frame, later_s = same_camera & (np.diff(found.frame[order]) == 0), np.diff(found.time_s[order])
    wrong = np.zeros(len(found), dtype=bool)
    wrong[order[1:]] = same_frame & (later_s != 0)
    _refuse(path, wrong, "a frame of a camera has one timestamp", found.time_s)
    wrong[order[1:]] = same_camera & ~same_frame & (later_s <= 0)
    _refuse(path, wrong, "the timestamps of a camera rise with its frames", found.time_s)
    order = np.lexsort((*found.xy_m.T, found.frame, found.camera))
    wrong[order[1:]] = (np.diff(np.column_stack([found.camera, found.frame, found.xy_m])[order], axis=0) == 0).all(
        axis=1
    )
    _refuse(path, wrong, "the same detection as another row; each detection is given once", None)


def _refuse_missing(path: Path, names: Sequence[str], needed: Sequence[str], more: str = "") -> None:
    if missing := [name for name in needed if name not in names]:
        raise BadEvaluationFile(
            f"{path}: the columns {', '.join(missing)} are missing; expected {','.join(needed)}{more}"
        )


def _refuse_two_floors(path: Path, found: FloorDetections) -> None:
    pairs = np.unique(np.column_stack([found.camera, found.floor]), axis=0)
    twice = pairs[1:, 0][np.diff(pairs[:, 0]) == 0]
    if len(twice):
        raise BadEvaluationFile(f"{path}: the camera {found.cameras[twice[0]]} is on two floors")
