"""How tall people look for where they stand, which tells the tall from the short whatever the camera.

A person looks the smaller the deeper in the picture, and depth is linear in the place on the floor. So the inverse of the usual height in
pixels is linear in the place, whatever the tilt of the camera; it is fitted to all people at once.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FITS, FAR_OFF, SMALLEST = 3, 0.5, 1e-3
"""Rounds of the fit; the log of a height further off the usual one is not a standing person's; a bound of the fit."""


def relative_height(height_px: Floats, xy_m: Floats) -> Floats:
    """How tall people of one camera look, (n,), as a share of the usual at their places, (n, 2) m.

    The inverse is fitted by least squares of relative errors, without those far off.
    """
    share, usual = np.ones(len(height_px)), np.ones(len(height_px), dtype=bool)
    if not len(height_px):
        return share
    terms = np.column_stack([height_px, height_px[:, None] * (xy_m - xy_m.mean(axis=0))])
    for _ in range(FITS):
        solution = np.linalg.lstsq(terms[usual], np.ones(usual.sum()), rcond=None)[0]
        share = np.maximum(terms @ solution, SMALLEST)
        usual = np.abs(np.log(share)) < FAR_OFF
    return share


def tallness(share: Floats) -> Floats:
    """Log of a relative height, (n,), no further from the usual than a standing person's."""
    return np.clip(np.log(share), -FAR_OFF, FAR_OFF)
