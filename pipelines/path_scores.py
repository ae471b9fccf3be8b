"""How right the found paths of a whole site are, beside the truth of a simulated mall."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.world.paths import Floats, Path
from pipelines.scoring import Marks, on_floor
from pipelines.truth import SHORTEST_S, TruePerson, positions

STEP_S = 0.5
"""Positions are compared this often."""
FLOOR_APART_M = 1e6
"""People on different floors are never near each other."""


@dataclass(frozen=True)
class PathScores:
    """IDF1 within 1 m in percent, and how many persons there are and were found, each seen for `SHORTEST_S` or longer."""

    idf1_1m: float
    persons: int
    true_persons: int


def score_paths(truth: Sequence[TruePerson], found: Mapping[str, Sequence[Path]]) -> PathScores:
    """Compare found paths, by person, with the truth, at the times at which at least one camera sees the true person."""
    long_enough = {person: paths for person, paths in found.items() if _seconds(paths) >= SHORTEST_S}
    if not truth:
        return PathScores(0.0 if long_enough else 100.0, len(long_enough), 0)
    begin = min(person.seen_s[0] for person in truth)
    end = max(person.seen_s[-1] for person in truth)
    ticks = begin + STEP_S * np.arange(int((end - begin) / STEP_S) + 1)
    true_rows = [_rows(number, *_true_positions(person, ticks), ticks) for number, person in enumerate(truth)]
    found_rows = [
        _rows(number, *_found_positions(paths, ticks), ticks) for number, paths in enumerate(long_enough.values())
    ]
    scores = on_floor(_marks(true_rows), _marks(found_rows))
    return PathScores(scores.idf1, len(long_enough), len(truth))


def _seconds(paths: Sequence[Path]) -> float:
    return float(max(path.times_s[-1] for path in paths) - min(path.times_s[0] for path in paths))


def _true_positions(person: TruePerson, ticks: Floats) -> tuple[Floats, Floats]:
    times, xy_m = positions(person, ticks, STEP_S)
    floors = np.zeros(len(times))
    for stay in person.stays:
        floors[(times >= stay.times_s[0]) & (times <= stay.times_s[-1])] = stay.floor
    return times, xy_m + floors[:, None] * FLOOR_APART_M


def _found_positions(paths: Sequence[Path], ticks: Floats) -> tuple[Floats, Floats]:
    parts = [(ticks, path.at(ticks) + path.floor * FLOOR_APART_M) for path in paths]
    times, xy_m = (np.concatenate(column) for column in zip(*parts, strict=True))
    known = np.isfinite(xy_m[:, 0])
    times, first = np.unique(times[known], return_index=True)
    return times, xy_m[known][first]


def _rows(number: int, times_s: Floats, xy_m: Floats, ticks: Floats) -> Floats:
    frames = np.round((times_s - ticks[0]) / STEP_S)
    return np.column_stack([frames, np.full(len(frames), number), xy_m])


def _marks(rows: Sequence[Floats]) -> Marks:
    stacked = np.concatenate(rows) if rows else np.zeros((0, 4))
    return Marks(stacked[:, 0].astype(np.int64), stacked[:, 1].astype(np.int64), stacked[:, 2:])
