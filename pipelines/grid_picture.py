"""The floor's grid drawn into a camera's view: whether a calibration fits is seen sooner than read."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.world.errors import BadInput
from models.world.places import Calibration, Floats

Image = NDArray[np.uint8]
STEP_M, BOLD_M = 1.0, 5.0
"""A line each metre, a bold one with its number each five."""
MOST_LINES = 200
_SAMPLE_M = 0.1
_AROUND_M = 6.0
_THIN, _BOLD, _GIVEN, _FOUND = (235, 200, 90), (60, 200, 255), (80, 80, 240), (80, 240, 80)


def save(file: Path, picture: Image, calibration: Calibration, outline: tuple[tuple[float, float], ...] = ()) -> None:
    """Write the picture (h, w, 3) BGR with the grid of the floor, as far as its outline goes, and the pairs of points in it.

    Red circles are the points as they were given, green crosses are their floor positions as the calibration sees them. Raises
    BadInput where the file cannot be written.
    """
    drawn = picture.copy()
    low, high = _reach(calibration, outline)
    for axis in (0, 1):
        for at in np.arange(np.ceil(low[axis] / STEP_M) * STEP_M, high[axis] + 1e-9, STEP_M):
            _draw_line(drawn, calibration, axis, float(at), (float(low[1 - axis]), float(high[1 - axis])))
    _draw_pairs(drawn, calibration)
    try:
        written = cv2.imwrite(str(file), drawn)
    except cv2.error:
        written = False
    if not written:
        raise BadInput(f"{file} cannot be written; name a .png or .jpg in a folder that exists")


def blank(width_px: int, height_px: int) -> Image:
    """A grey picture, to draw on where there is none of the camera."""
    return np.full((height_px, width_px, 3), 96, dtype=np.uint8)


def read(file: Path, width_px: int, height_px: int) -> Image:
    """A picture of the camera. Raises BadInput if it is none, or of another size than the camera's."""
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadInput(f"{file} is not a picture that can be read; give a .png or .jpg of the camera's view")
    if picture.shape[:2] != (height_px, width_px):
        found = f"{picture.shape[1]} x {picture.shape[0]}"
        raise BadInput(
            f"{file} has {found} px, and the camera {width_px} x {height_px}: the points hold for that size only"
        )
    return np.asarray(picture, dtype=np.uint8)


def _reach(calibration: Calibration, outline: tuple[tuple[float, float], ...]) -> tuple[Floats, Floats]:
    """The corners of the part of the floor that is drawn."""
    corners = np.array(outline or calibration.points_m or [(0.0, 0.0), (20.0, 20.0)])
    around = 0.0 if outline else _AROUND_M
    low, high = corners.min(axis=0) - around, corners.max(axis=0) + around
    return low, np.minimum(high, low + MOST_LINES * STEP_M)


def _draw_line(drawn: Image, calibration: Calibration, axis: int, at: float, span: tuple[float, float]) -> None:
    along = np.arange(span[0], span[1] + _SAMPLE_M / 2, _SAMPLE_M)
    floor = np.empty((len(along), 2))
    floor[:, axis], floor[:, 1 - axis] = at, along
    bold = abs(at / BOLD_M - round(at / BOLD_M)) < 1e-9
    for run in _runs(calibration.to_picture(floor), drawn.shape[1], drawn.shape[0]):
        points = np.round(run * 16).astype(np.int32)
        cv2.polylines(drawn, [points], False, _BOLD if bold else _THIN, 1, cv2.LINE_AA, 4)
        if bold:
            x, y = run[len(run) // 2]
            name = f"{'xy'[axis]}{at:g}"
            cv2.putText(drawn, name, (int(x) + 3, int(y) - 3), cv2.FONT_HERSHEY_SIMPLEX, 0.4, _BOLD, 1, cv2.LINE_AA)


def _runs(points_px: Floats, width_px: int, height_px: int) -> Iterator[Floats]:
    """The pieces of a line that lie in the picture, two points or more each."""
    inside = np.nan_to_num(points_px, nan=-1.0)
    within = np.asarray(((inside >= 0) & (inside <= [width_px, height_px])).all(axis=1))
    for rows in np.split(np.arange(len(points_px)), np.flatnonzero(np.diff(within.astype(int))) + 1):
        if len(rows) > 1 and within[rows[0]]:
            yield points_px[rows]


def _draw_pairs(drawn: Image, calibration: Calibration) -> None:
    if not calibration.points_px:
        return
    found = calibration.to_picture(np.array(calibration.points_m))
    for number, (given, seen) in enumerate(zip(calibration.points_px, found, strict=True), start=1):
        at = (round(given[0]), round(given[1]))
        cv2.circle(drawn, at, 6, _GIVEN, 2, cv2.LINE_AA)
        cv2.putText(drawn, str(number), (at[0] + 8, at[1] + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _GIVEN, 1, cv2.LINE_AA)
        if np.isfinite(seen).all():
            cv2.drawMarker(drawn, (round(float(seen[0])), round(float(seen[1]))), _FOUND, cv2.MARKER_CROSS, 10, 1)
