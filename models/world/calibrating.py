"""Calibrating a camera from point pairs: the homography, the lens where the pairs tell it, and how far to trust them."""

from dataclasses import dataclass

import numpy as np

from models.world.errors import BadSite
from models.world.lenses import STRONGEST, WEAKEST, Lens
from models.world.places import Calibration, Floats, Point, fit

LENS_PAIRS = 6
"""With fewer pairs a lens would explain anything."""
LENS_GAIN = 0.7
"""A lens is taken when it brings the left-out errors below this share of those without one."""
_GRID = 49
_ROUNDS = 4


@dataclass(frozen=True)
class Fitted:
    """A calibration, and of each of its pairs: by how much it is missed (`residuals_m`, `residuals_px`), and by how much it would
    be missed if it were not among them (`left_out_m`; nan where the others do not make a calibration).
    """

    calibration: Calibration
    residuals_m: Floats
    residuals_px: Floats
    left_out_m: Floats


def calibrated(
    points_px: list[Point], points_m: list[Point], width_px: int, height_px: int, *, lens_k1: float | None = None
) -> Fitted:
    """The calibration through point pairs, however well it fits.

    The lens is that of `lens_k1` (0: none); without one it is looked for where there are `LENS_PAIRS` pairs or more. Raises BadSite
    for too few pairs, for points on one line, and for a singular homography.
    """
    _refuse_outside(points_px, width_px, height_px)
    if lens_k1 is not None:
        return _fitted(points_px, points_m, Lens(lens_k1, width_px, height_px) if lens_k1 else None)
    plain = _fitted(points_px, points_m, None)
    if len(points_px) < LENS_PAIRS:
        return plain
    bent = _fitted(points_px, points_m, _best_lens(points_px, points_m, width_px, height_px))
    return bent if np.mean(bent.left_out_m) < LENS_GAIN * np.mean(plain.left_out_m) else plain


def _refuse_outside(points_px: list[Point], width_px: int, height_px: int) -> None:
    for number, (x, y) in enumerate(points_px, start=1):
        if not (0 <= x <= width_px and 0 <= y <= height_px):
            raise BadSite(f"point {number}, ({x:g}, {y:g}) px, lies outside the picture of {width_px} x {height_px} px")


def _fitted(points_px: list[Point], points_m: list[Point], lens: Lens | None) -> Fitted:
    calibration = fit(points_px, points_m, lens)
    seen = calibration.to_picture(np.array(points_m))
    missed_px = np.linalg.norm(seen - np.array(points_px), axis=1)
    return Fitted(calibration, calibration.residuals_m(), missed_px, _left_out_m(points_px, points_m, lens))


def _left_out_m(points_px: list[Point], points_m: list[Point], lens: Lens | None) -> Floats:
    return np.array([_missed_m(points_px, points_m, lens, number) for number in range(len(points_px))])


def _missed_m(points_px: list[Point], points_m: list[Point], lens: Lens | None, number: int) -> float:
    others = [n for n in range(len(points_px)) if n != number]
    try:
        without = fit([points_px[n] for n in others], [points_m[n] for n in others], lens)
    except BadSite:
        return float("nan")
    return float(np.linalg.norm(without.to_floor(np.array([points_px[number]]))[0] - np.array(points_m[number])))


def _best_lens(points_px: list[Point], points_m: list[Point], width_px: int, height_px: int) -> Lens:
    """The lens with the least squares of residuals: by a grid that is made finer round its best point."""

    def missed(k1: float) -> float:
        try:
            return float(np.sum(fit(points_px, points_m, Lens(k1, width_px, height_px)).residuals_m() ** 2))
        except BadSite:
            return float("inf")

    low, high = WEAKEST, STRONGEST
    for _ in range(_ROUNDS):
        grid = np.linspace(low, high, _GRID)
        best = grid[int(np.argmin([missed(float(k1)) for k1 in grid]))]
        step = grid[1] - grid[0]
        low, high = max(WEAKEST, best - step), min(STRONGEST, best + step)
    return Lens(round(float(best), 5), width_px, height_px)
