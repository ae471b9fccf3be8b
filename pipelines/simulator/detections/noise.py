"""What a detector does to the truth: it misses people, misplaces them, and finds some who are not there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.world.errors import BadInput
from pipelines.simulator.detections.boxes import heights_px
from pipelines.simulator.detections.scene import Floats, on_floor
from pipelines.simulator.view import View

_SURE, _SURE_FAR, _FAR_M, _UNSURE = 0.84, 0.7, 20.0, 0.3
_TRUE_SPREAD, _FALSE_SPREAD = 14.0, 8.0
"""The sum of both parameters of the beta distribution: the more, the narrower."""


@dataclass(frozen=True)
class Noise:
    """How bad the detections are.

    `misses` is the share of people in a picture who are not detected, in runs of `burst_s` seconds in the mean (0: each
    for itself); who is covered by a larger share than `hidden` by one person nearer to the camera is missed, too. Places are
    off by a normal error, on each axis `place_m` on the floor, or `foot_px`, or `foot` as a share of the person's height, at the
    foot in the picture, carried to the floor; heights in the picture by a share `height`; `false` is the share of detections of
    nobody. Raises BadInput for impossible numbers.
    """

    misses: float = 0.1
    burst_s: float = 0.0
    place_m: float = 0.2
    foot_px: float = 0.0
    false: float = 0.02
    hidden: float = 1.0
    foot: float = 0.0
    height: float = 0.03

    def __post_init__(self) -> None:
        for name, share in (("missed", self.misses), ("false", self.false)):
            if not 0 <= share < 1:
                raise BadInput(f"the share of {name} detections is at least 0 and below 1; got {share}")
        if not 0 < self.hidden <= 1:
            raise BadInput(f"who is hidden is covered by a share above 0, to 1 (nobody is); got {self.hidden}")
        if not all(
            0 <= length < np.inf for length in (self.burst_s, self.place_m, self.foot_px, self.foot, self.height)
        ):
            raise BadInput("the length of bursts and the errors of places and heights are 0 or more")


def missed(begins: NDArray[np.bool_], noise: Noise, fps: float, random: np.random.Generator) -> NDArray[np.bool_]:
    """Which samples of tracklets that lie one after the other are missed, (n,); `begins` says where each begins.

    A sample repeats the fate of the one before it, or, with a probability r, draws a new one: then runs of misses last
    1 / (r (1 - misses)) samples in the mean, and the share of misses is the same everywhere.
    """
    redraw = 1 / max(1.0, noise.burst_s * fps * (1 - noise.misses))
    drawn = begins | (random.random(len(begins)) < redraw)
    fates = random.random(len(begins)) < noise.misses
    latest = np.maximum.accumulate(np.where(drawn, np.arange(len(begins)), 0))
    return np.asarray(fates[latest])


def misplaced(xy_m: Floats, height_m: Floats, view: View, noise: Noise, random: np.random.Generator) -> Floats:
    """Places as detected, (n, 2) m; the error in the picture is carried to the floor by the derivative at the foot."""
    on_axes, in_picture = random.standard_normal((2, len(xy_m), 2))
    per_px = view.calibration().jacobian(view.project(on_floor(xy_m))[0])
    error_px = (noise.foot_px + noise.foot * heights_px(xy_m, height_m, view))[:, None] * in_picture
    return np.asarray(xy_m + noise.place_m * on_axes + np.einsum("nij,nj->ni", per_px, error_px))


def height_px(xy_m: Floats, height_m: Floats, view: View, noise: Noise, random: np.random.Generator) -> Floats:
    """How tall people stand in the picture, (n,) px, as detected."""
    return np.asarray(heights_px(xy_m, height_m, view) * random.normal(1.0, noise.height, len(xy_m)))


def confidence(xy_m: Floats, view: View, random: np.random.Generator) -> Floats:
    """How sure the detector is of people, (n,): around .84, .7 for those who are 20 m away."""
    away = np.linalg.norm(xy_m - view.eye[:2], axis=1)
    mean = _SURE - (_SURE - _SURE_FAR) * np.minimum(away / _FAR_M, 1.5)
    return np.asarray(random.beta(_TRUE_SPREAD * mean, _TRUE_SPREAD * (1 - mean)))


def false_confidence(count: int, random: np.random.Generator) -> Floats:
    """How sure it is of nobody: around .3."""
    return random.beta(_FALSE_SPREAD * _UNSURE, _FALSE_SPREAD * (1 - _UNSURE), count)
