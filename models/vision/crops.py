"""Crops: the small pictures of people that are described, compared and kept."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.vision.pictures import Bytes, Picture

MARGIN = 0.1
"""What a crop shows around its box on each side, as a share of the box: room for feet, and some background to tell off."""


def crop(picture: Picture, box_px: Sequence[float] | NDArray[np.float32]) -> Bytes:
    """The picture's part in a box, xyxy px, and a margin around it, as far as the picture goes; uint8 (h, w, 3) BGR.

    A box without area in the picture gives an array of no pixels.
    """
    left, top, right, bottom = (float(side) for side in box_px)
    aside, above = MARGIN * (right - left), MARGIN * (bottom - top)
    width, height = picture.size_px
    columns = slice(_within(left - aside, width), _within(right + aside, width))
    rows = slice(_within(top - above, height), _within(bottom + above, height))
    return picture.part(rows, columns)


def person_height(crop_bgr: Bytes) -> float:
    """The height, px, of the box that a crop was cut for, margin taken off."""
    return float(crop_bgr.shape[0] / (1 + 2 * MARGIN))


def _within(position: float, length: int) -> int:
    return int(min(max(round(position), 0), length))
