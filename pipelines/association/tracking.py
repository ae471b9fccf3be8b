"""People over all cameras of one floor: the offline tracker on fused sightings.

Tracking what the cameras say together beats joining their finished tracks: where one camera loses or mixes up people
another still tells them apart. Where the errors of places are not known well every step is one of a steady walk: fused places jump
where cameras come and go, which would pass for manoeuvres.
"""

from dataclasses import dataclass

import numpy as np

from models.vision.tracker import DetectionTable, linking, smoothing
from models.vision.tracker.identity import Variances
from models.vision.tracker.placing import Placed
from models.vision.tracker.sweeps import NONE, Links
from pipelines.association.bridging import bridge
from pipelines.association.fusing import Fused
from pipelines.association.tracklets import Floats, Indices
from pipelines.association.twins import unite_twins

SWEEPS = 2


@dataclass(frozen=True)
class Way:
    """One person: `fused` (k,) the fused rows, by time; `times_s` (n,) and `xy_m` (n, 2) the smoothed way, a row each step;
    `link_gain` (k,) the log-likelihood ratio of each fused row's link to the one before, 0 for the first.
    """

    fused: Indices
    times_s: Floats
    xy_m: Floats
    link_gain: Floats


def follow(fused: Fused, variances: Variances, step_s: float, manoeuvres: float, *, sweeps: int = SWEEPS) -> list[Way]:
    """Everybody who is seen at two ticks or more over a second or longer, by first sight; `variances` of the looks,
    `manoeuvres` the share of steps that are one, `sweeps` how often all is decided anew.
    """
    if not len(fused):
        return []
    times_s = np.asarray(fused.tick * step_s, dtype=np.float64)
    links = _linked(fused, variances, times_s, step_s, manoeuvres, sweeps)
    boxes = np.zeros((len(fused), 4), dtype=np.float32)
    table = DetectionTable(times_s, np.zeros(len(fused), dtype=np.int32), boxes, np.ones(len(fused), dtype=np.float32))
    tracks = smoothing.finished(links, table)
    if not len(tracks):
        return []
    ticks_s = _all_ticks_s(times_s, step_s)
    even = smoothing.at(tracks, np.zeros(len(ticks_s), dtype=np.int32), ticks_s)
    gains = _link_gains(links)
    numbers = np.arange(1, int(tracks.track.max()) + 1)
    rows = np.split(tracks.detection.astype(np.intp), np.searchsorted(tracks.track, numbers))
    borders = np.searchsorted(even.track, numbers)
    times, places = np.split(even.taken_at_s, borders), np.split(even.xy_m, borders)
    return [Way(own, when, where, gains[own]) for own, when, where in zip(rows, times, places, strict=True)]


def _linked(
    fused: Fused, variances: Variances, times_s: Floats, step_s: float, manoeuvres: float, sweeps: int
) -> Links:
    ticks_s, sample = np.unique(times_s, return_inverse=True)
    placed = Placed(
        row=np.arange(len(fused)),
        sample=sample,
        times_s=ticks_s,
        starts=np.searchsorted(sample, np.arange(len(ticks_s) + 1)),
        time_s=times_s,
        xy_m=fused.xy_m,
        noise_m2=fused.noise_m2,
        spread_m=np.sqrt(np.linalg.eigvalsh(fused.noise_m2)[:, 1]),
        strength=fused.strength,
    )
    scene = linking.scene(placed, fused.looks, _area_m2(fused), _all_ticks_s(ticks_s, step_s), manoeuvres=manoeuvres)
    links = Links(scene.knowing(variances))
    links.decide_forward()
    for _ in range(sweeps):
        links.sweep_backward()
        links.sweep_forward()
    links.renew()
    unite_twins(links)
    bridge(links)
    return links


def _all_ticks_s(times_s: Floats, step_s: float) -> Floats:
    """Every tick from the first to the last of some."""
    return np.arange(round(times_s.min() / step_s), round(times_s.max() / step_s) + 1) * step_s


def _area_m2(fused: Fused) -> float:
    if len(fused) < 3:
        return 1.0
    return max(1.0, 12 * float(np.sqrt(max(0.0, np.linalg.det(np.cov(fused.xy_m.T))))))


def _link_gains(links: Links) -> Floats:
    gains = np.zeros(len(links.before))
    tails = np.flatnonzero(links.before != NONE)
    heads = links.before[tails]
    if len(tails):
        gains[tails] = links.scene.gain(
            links.past.take(heads), links.future.take(tails), *links.scene.apart(heads, tails)
        )
    return gains
