"""What a camera does to the light: exposure, white balance, noise."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_PLATES, _PLAY_PX = 2, 64


@dataclass(frozen=True)
class Sensor:
    """A camera's gains (blue, green, red), and its noise, the standard deviation in 8-bit steps."""

    gains: tuple[float, float, float]
    noise: float
    seed: int


def any_sensor(random: np.random.Generator, spread: float = 0.05, noise: float = 2.0) -> Sensor:
    """A sensor with a little exposure (`spread`) and white balance (a third of it) of its own."""
    blue, green, red = random.normal(1.0, spread) * random.normal(1.0, spread / 3, 3)
    return Sensor((float(blue), float(green), float(red)), noise, int(random.integers(2**31)))


class Grain:
    """The noise of one sensor; that of the n-th picture depends on the seed and n only."""

    def __init__(self, sensor: Sensor, height_px: int, width_px: int) -> None:
        self._random = np.random.default_rng(sensor.seed)
        self._size = (height_px, width_px)
        shape = (_PLATES, height_px + _PLAY_PX, width_px + _PLAY_PX, 3)
        grains = self._random.standard_normal(shape, dtype=np.float32) * sensor.noise
        self._plates = np.clip(np.round(grains), -120, 120).astype(np.int8)

    def over(self, picture: Image) -> Image:
        """The picture with noise, (h, w, 3) uint8."""
        height, width = self._size
        top, left, plate = self._random.integers(0, (_PLAY_PX, _PLAY_PX, _PLATES))
        grain = self._plates[plate, top : top + height, left : left + width]
        return np.asarray(cv2.add(picture, grain, dtype=cv2.CV_8U), dtype=np.uint8)
