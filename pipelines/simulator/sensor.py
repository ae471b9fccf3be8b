"""What a camera does to the light: exposure, white balance, darker corners, noise."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_PLATES = 2


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


class Exposure:
    """Turns drawn pictures into pictures of one sensor; the n-th picture's noise depends on the seed and n only."""

    def __init__(self, sensor: Sensor, height_px: int, width_px: int) -> None:
        random = np.random.default_rng(sensor.seed)
        levels = np.arange(256)[:, None] * np.array(sensor.gains)
        self._response = np.clip(np.round(levels), 0, 255).astype(np.uint8)[None]
        self._size = (height_px, width_px)
        grains = random.standard_normal((_PLATES, height_px + 64, width_px + 64, 3), dtype=np.float32) * sensor.noise
        self._plates = np.clip(np.round(grains), -120, 120).astype(np.int8)
        self._random = random

    def expose(self, picture: Image) -> Image:
        """The picture as the sensor gives it, (h, w, 3) uint8."""
        height, width = self._size
        top, left, plate = self._random.integers(0, (64, 64, _PLATES))
        grain = self._plates[plate, top : top + height, left : left + width]
        lit = cv2.LUT(picture, self._response)
        return np.asarray(cv2.add(lit, grain, dtype=cv2.CV_8U), dtype=np.uint8)
