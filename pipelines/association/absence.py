"""What it says that a camera does not see somebody: where cameras look at the same place, a person is seen by most of them.

How often a camera sees people who stand in a cell of the floor, given that another camera sees them, is learned from the
hour itself, so that pillars, distances and blind spots need no model. A figure that one camera alone sees where others
would see it too is then more likely a false detection, or one with misplaced feet. (The probabilistic occupancy map of
Fleuret et al. 2008 rests on the same argument.)
"""

from dataclasses import replace

import numpy as np

from models.world.places import grid_ids
from pipelines.association.fusing import LEAST_STRENGTH, MOST_STRENGTH, Fused
from pipelines.association.tracklets import Sightings

PRIOR_SEEN, PRIOR_UNSEEN = 1.0, 3.0
"""Counts, before anything was seen, of people that a camera does and does not see in a cell."""
WEIGHT = 0.5
"""Who is hidden from a camera now was so a moment ago and will be: moments are alike, so each counts half."""


def weighed(fused: Fused, seen: Sightings) -> Fused:
    """The same people, their `strength` lowered by log(1 - P(seen)) for each camera that does not see them.

    A camera that has seen nobody in the cell says nothing: it looks elsewhere.
    """
    if not len(fused):
        return fused
    cell = np.unique(grid_ids(0, fused.xy_m), return_inverse=True)[1]
    cameras = int(seen.camera.max()) + 1
    view, of_sighting = np.unique(cell[fused.member] * cameras + seen.camera, return_inverse=True)
    alone = np.bincount(fused.member, minlength=len(fused))[fused.member] == 1
    hits = np.bincount(of_sighting, ~alone, minlength=len(view))
    known = np.bincount(cell)[view // cameras] - np.bincount(of_sighting, alone, minlength=len(view))
    unseen = np.log1p(-(hits + PRIOR_SEEN) / (known + PRIOR_SEEN + PRIOR_UNSEEN))
    absent = np.bincount(view // cameras, unseen, minlength=int(cell.max()) + 1)[cell]
    absent -= np.bincount(fused.member, unseen[of_sighting], minlength=len(fused))
    strength = fused.strength + WEIGHT * absent
    return replace(fused, strength=np.clip(strength, LEAST_STRENGTH, MOST_STRENGTH))
