"""Colours: how likely a colour is called by each of the eleven names.

Eleven basic terms after Berlin and Kay 1969 ("Basic Color Terms"). Each has a few prototypes, most of them from the colour
name survey of Munroe 2010 (xkcd.com/color/rgb, CC0: the mean of what 200,000 people called so), compared in CIELAB (CIE 1976,
D65) with lightness counting less than hue, because a camera knows the light badly. A name's likelihood falls
with the distance to its nearest prototype as a Gaussian.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from models.world.attributes import COLOURS

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
PROTOTYPES: Mapping[str, str] = MappingProxyType(
    {
        "black": "000000 1a1a1d",
        "white": "ffffff ececea",
        "grey": "7a7d80 626466 868886",
        "red": "e50000 c41c24 be0119",
        "orange": "f97306 ff964f fdaa48",
        "yellow": "ffff14 ffc512 fffe7a f3d026",
        "green": "15b01a 2a8a3a 96f97b 6e750e 029386 87ae73 06c2ac",
        "blue": "0343df 95d0fc 75bbfd 3b638c 6a79f7 5a7d9a 01153e",
        "purple": "7e1e9c bf77f6 9a0eea c79fef 380282",
        "pink": "ff81c0 ff028d ffd1df cb416b c20078 ff796c",
        "brown": "653700 341c02 ad8150 6a4022 742802",
    }
)
"""Hexadecimal sRGB by name."""
_SHADES = (1.0, 0.82, 0.65)
"""Cloth is seen in the light and turned away from it: every prototype counts in these shares of its sRGB values."""
_SPREAD = 9.0
"""The standard deviation of a name around its prototypes, CIELAB units."""
_LIGHTNESS = 0.6
_STEPS = 32


def name_pixels(bgr: Bytes) -> Floats:
    """The probability of each name of `COLOURS` for each pixel: uint8 (..., 3) BGR -> (..., 11) float32, sum 1."""
    cells = (bgr // (256 // _STEPS)).astype(np.intp)
    return _table()[cells[..., 0], cells[..., 1], cells[..., 2]]


def to_lab(bgr: Bytes) -> Floats:
    """CIELAB (L 0 to 100, a, b) of uint8 (..., 3) BGR."""
    flat = (np.asarray(bgr, dtype=np.float32) / 255).reshape(1, -1, 3)
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_BGR2LAB), dtype=np.float32).reshape(bgr.shape)


@cache
def _table() -> Floats:
    """The probabilities of every cell of a 32-step BGR cube, (32, 32, 32, 11)."""
    middles = (np.arange(_STEPS) * (256 // _STEPS) + 128 // _STEPS).astype(np.uint8)
    cube = np.stack(np.meshgrid(middles, middles, middles, indexing="ij"), axis=-1)
    weight = np.array([_LIGHTNESS, 1, 1], dtype=np.float32)
    seen = to_lab(cube.reshape(-1, 3)) * weight
    nearest = [_squared_distance(seen, _prototypes(name) * weight) for name in COLOURS]
    log_likelihood = -np.stack(nearest, axis=1) / (2 * _SPREAD**2)
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    shares = likelihood / likelihood.sum(axis=1, keepdims=True)
    return np.asarray(shares, dtype=np.float32).reshape(_STEPS, _STEPS, _STEPS, len(COLOURS))


def _squared_distance(seen: Floats, prototypes: Floats) -> Floats:
    return np.asarray(((seen[:, None] - prototypes[None]) ** 2).sum(axis=2).min(axis=1))


def _prototypes(name: str) -> Floats:
    rgb = np.array([list(bytes.fromhex(colour)) for colour in PROTOTYPES[name].split()], dtype=np.uint8)
    shaded = np.concatenate([rgb * shade for shade in _SHADES]).round().astype(np.uint8)
    return to_lab(np.ascontiguousarray(shaded[:, ::-1]))
