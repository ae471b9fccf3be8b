"""Files of the evaluation: MOT text and homographies, read strictly, and tracks, written.

MOT text has a line for each box: `frame,id,left,top,width,height,conf,x,y,z`, frames from 1, px, x and y in metres or -1.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.vision.tracker import Tracks
from models.world.errors import BadEvaluationFile, BadSite
from models.world.places import Calibration, with_homography

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
TRACKS_HEADER = "frame,id,left,top,width,height,x_m,y_m"


@dataclass(frozen=True)
class MotText:
    """The lines of a file: `line` (n,) its number, `frame` (n,) from 1, `id` (n,), `boxes` (n, 4) left, top, width, height px,
    `confidence` (n,), 1 where the file says -1 or nothing, `xy_m` (n, 2), nan where unknown.
    """

    line: Integers
    frame: Integers
    id: Integers
    boxes: Floats
    confidence: Floats
    xy_m: Floats


def read_detections(path: Path) -> MotText:
    """Boxes with confidence. Raises BadEvaluationFile, naming the line, for anything else."""
    return _read(path, "detections")


def read_truth(path: Path) -> MotText:
    """True boxes, without those flagged 0 (not to be counted). Raises BadEvaluationFile, also for a person twice in a frame."""
    rows = _read(path, "ground truth")
    counted = rows.confidence != 0
    if not counted.any():
        raise BadEvaluationFile(
            f"{path}: every line is flagged 0, that is not to be counted; the 7th column must be 1 for people"
        )
    rows = MotText(**{name: column[counted] for name, column in vars(rows).items()})
    order = np.lexsort((rows.line, rows.id, rows.frame))
    twice = (np.diff(rows.frame[order]) == 0) & (np.diff(rows.id[order]) == 0)
    if twice.any():
        at = order[1:][twice][0]
        raise BadEvaluationFile(
            f"{path}, line {rows.line[at]}: person {rows.id[at]} is in frame {rows.frame[at]} twice"
        )
    return rows


def read_homography(path: Path) -> Calibration:
    """The calibration from a text of three rows of three numbers. Raises BadEvaluationFile."""
    rows = [line.replace(",", " ").split() for line in _text(path, "homography").splitlines() if line.strip()]
    try:
        return with_homography(np.array([[float(word) for word in row] for row in rows]))
    except (BadSite, ValueError) as error:
        raise BadEvaluationFile(
            f"{path}: a homography is three rows of three numbers, invertible (foot point px to metres); "
            f"got rows of {[len(row) for row in rows]} words"
        ) from error


def write_tracks(path: Path, tracks: Tracks) -> None:
    """The rows in order of frame and id (from 1), as the contract's CSV."""
    left_top, right_bottom = tracks.boxes_px[:, :2], tracks.boxes_px[:, 2:]
    table = np.column_stack([tracks.frame, tracks.track + 1, left_top, right_bottom - left_top, tracks.xy_m])
    table = table[np.lexsort((tracks.track, tracks.frame))]
    np.savetxt(path, table, fmt="%d,%d,%.2f,%.2f,%.2f,%.2f,%.4f,%.4f", header=TRACKS_HEADER, comments="")


def _read(path: Path, what: str) -> MotText:
    lines = [(number, line) for number, line in enumerate(_text(path, what).splitlines(), 1) if line.strip()]
    if not lines:
        raise BadEvaluationFile(
            f"{path}: the {what} file is empty; expected lines frame,id,left,top,width,height,conf,x,y,z"
        )
    table = np.array([_numbers(path, number, line) for number, line in lines])
    frame, person, confidence, xy_m = table[:, 0], table[:, 1], table[:, 6], table[:, 7:9]
    return MotText(
        line=np.array([number for number, _ in lines]),
        frame=frame.astype(np.int64),
        id=person.astype(np.int64),
        boxes=table[:, 2:6],
        confidence=np.where(confidence < 0, 1.0, confidence),
        xy_m=np.where((xy_m == -1).all(axis=1)[:, None], np.nan, xy_m),
    )


def _numbers(path: Path, number: int, line: str) -> list[float]:
    """The nine numbers of a line that count."""
    words = line.split(",")
    where = f"{path}, line {number}"
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise BadEvaluationFile(
            f"{where}: expected numbers frame,id,left,top,width,height,conf,x,y,z; got {line[:80]!r}"
        ) from error
    if len(values) < 6 or not np.isfinite(values).all():
        raise BadEvaluationFile(f"{where}: expected 6 to 10 finite numbers, comma between; got {line[:80]!r}")
    if values[0] < 1 or values[0] != int(values[0]) or values[1] != int(values[1]):
        raise BadEvaluationFile(
            f"{where}: frame (from 1) and id must be whole numbers; got {words[0]!r} and {words[1]!r}"
        )
    if values[4] <= 0 or values[5] <= 0:
        raise BadEvaluationFile(f"{where}: width and height must be above 0; got {words[4]!r} and {words[5]!r}")
    return (values + [-1.0, -1.0, -1.0][len(values) - 6 :] if len(values) < 9 else values)[:9]


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BadEvaluationFile(f"{path}: the {what} file cannot be read as text ({error})") from error
