"""Detections of one camera become tracks on the floor, offline: the past is decided with the future known."""

import numpy as np

from models.vision.tracker import identity, smoothing
from models.vision.tracker.identity import Variances
from models.vision.tracker.linking import scene
from models.vision.tracker.placing import Placed, floor_area_m2, place
from models.vision.tracker.sweeps import Links
from models.vision.tracker.tables import DetectionTable, Floats, Ints, Tracks
from models.world.places import Calibration

SWEEPS = 3
"""Pairs of backward and forward sweeps, after each of which more is known of how people differ in height."""
ALIKE_LOOKS = 0.65
"""Correlation between the errors of looks of two pictures of one track. Who turns looks otherwise for longer than most tracks of one
camera last, so it cannot be learned from them: learned, looks seem surer than they are, and PETS loses 6 points."""


def track(detections: DetectionTable, calibration: Calibration, picture: tuple[int, int], looked_s: Floats) -> Tracks:
    """The tracks of one segment, rows at its samples (missed ones interpolated).

    `looked_s` (k,), ascending, are the times of all pictures looked at, those without people too. The cost grows with the
    number of samples, whatever their number: no decision looks further than `linking.MAX_GAP_S`.
    """
    placed = place(detections, calibration, picture)
    links = linked(detections, placed, looked_s)
    tracks = smoothing.finished(links, detections)
    times_s, first = np.unique(detections.taken_at_s, return_index=True)
    return smoothing.at(tracks, detections.frame[first], times_s)


def linked(detections: DetectionTable, placed: Placed, looked_s: Floats) -> Links:
    """The links between placed detections after all sweeps, with beliefs of both sides."""
    cues = identity.cues(detections, placed)
    links = Links(scene(placed, cues, floor_area_m2(placed), looked_s))
    links.decide_forward()
    links.know(_differences(cues, links))
    for number in range(SWEEPS):
        if number:
            links.know(_knowing_heights(cues, links))
        before = links.before.copy()
        links.sweep_backward()
        links.sweep_forward()
        if number and (links.before == before).all():
            break
    links.renew()
    return links


def _differences(cues: Floats, links: Links) -> Variances:
    """How people differ, as links by place alone show: those that looks have made would show looks surer than they are."""
    height_first = np.arange(cues.shape[1]) == 0
    alikeness = np.where(height_first, identity.ALIKENESS, ALIKE_LOOKS)
    return identity.learn(cues, links.tracks())._replace(alikeness=alikeness)


def _knowing_heights(cues: Floats, links: Links) -> Variances:
    """The same with what the present links show of heights, and of how alike the errors of one person's are."""
    track, height = links.tracks(), cues[:, :1]
    piece = identity.pieces(track, links.scene.placed.time_s)
    shown = identity.learn(height, track)._replace(alikeness=identity.learn_alikeness(height, track, piece))
    known = (np.broadcast_to(part, cues.shape[1])[1:] for part in links.scene.variances)
    return Variances(*(np.append(one, other) for one, other in zip(shown, known, strict=True)))


def every_frame(
    tracks: Tracks,
    frame: Ints,
    taken_at_s: Floats,
    calibration: Calibration,
    picture: tuple[int, int],
    step_s: float,
) -> Tracks:
    """One row for each of the given frames, in order of time, in which a track exists.

    A track exists from its first to its last row, and a share of a sampling step before and after inside the `picture`
    (width, height in px).
    """
    inside = smoothing.at(tracks, frame, taken_at_s)
    reach_s = smoothing.AT_ENDS * step_s
    outside = smoothing.beyond_ends(tracks, frame, taken_at_s, reach_s, calibration, picture)
    both = smoothing.joined([inside, outside])
    return both.take(np.lexsort((both.taken_at_s, both.track)))
