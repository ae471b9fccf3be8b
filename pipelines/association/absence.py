"""What it says that a camera does not see somebody: where cameras look at the same place, a person is seen by most of them.

How often a camera sees people who stand in a cell of the floor, given that another camera sees them, is learned from the
hour itself, so that pillars, distances and blind spots need no model. A figure that one camera alone sees where others
would see it too is then more likely a false detection, or one with misplaced feet. (The probabilistic occupancy map of
Fleuret et al. 2008 rests on the same argument.)
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.world.places import grid_ids
from pipelines.association.fusing import LEAST_STRENGTH, MOST_STRENGTH, Fused
from pipelines.association.tracklets import Floats, Indices, Sightings

PRIOR_SEEN, PRIOR_UNSEEN = 1.0, 3.0
"""Counts, before anything was seen, of people that a camera does and does not see in a cell."""
WEIGHT = 0.5
"""Who is hidden from a camera now was so a moment ago and will be: moments are alike, so each counts half."""


def weighed(fused: Fused, seen: Sightings) -> Fused:
    """The same people, their `strength` lowered by log(1 - P(seen)) for each camera that does not see them."""
    if not len(fused):
        return fused
    seen_by = np.zeros((len(fused), int(seen.camera.max()) + 1), dtype=bool)
    seen_by[fused.member, seen.camera] = True
    cell = np.unique(grid_ids(0, fused.xy_m), return_inverse=True)[1]
    absent = np.where(seen_by, 0.0, np.log1p(-_share_seen(seen_by, cell)[cell]))
    strength = fused.strength + WEIGHT * absent.sum(axis=1)
    return replace(fused, strength=np.clip(strength, LEAST_STRENGTH, MOST_STRENGTH))


def _share_seen(seen_by: NDArray[np.bool_], cell: Indices) -> Floats:
    """How often each camera sees those in each cell whom another camera sees, (cells, cameras)."""
    by_others = seen_by.sum(axis=1)[:, None] - seen_by > 0
    shape = (int(cell.max()) + 1, seen_by.shape[1])
    known, hits = np.zeros(shape), np.zeros(shape)
    np.add.at(known, cell, by_others)
    np.add.at(hits, cell, by_others & seen_by)
    return np.asarray((hits + PRIOR_SEEN) / (known + PRIOR_SEEN + PRIOR_UNSEEN))
