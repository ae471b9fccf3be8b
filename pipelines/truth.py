"""The truth of a simulated mall, read back from its folder, in the shape in which answers are compared with it.

A person exists, for every score, only at the times at which at least one camera sees them; who is seen for less
than `SHORTEST_S` counts neither as true nor as found.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path as FilePath

import numpy as np

from models.world.errors import BadEvaluationFile
from models.world.paths import Floats, Path
from models.world.places import Site, inside

SHORTEST_S, AWAY_S = 5.0, 2.0
PATHS_HEADER = ["person", "floor", "taken_at", "x_m", "y_m"]
ATTRIBUTES_HEADER = ["person", "key", "value"]


@dataclass(frozen=True)
class TruePerson:
    """One simulated visitor: the stays on floors, the sorted epoch seconds at which a camera sees them, the attributes."""

    id: str
    stays: tuple[Path, ...]
    seen_s: Floats
    attributes: Mapping[str, str]

    @property
    def seen_for_s(self) -> float:
        """Seconds between the first and the last time a camera sees them."""
        return float(self.seen_s[-1] - self.seen_s[0]) if len(self.seen_s) else 0.0

    @property
    def distance_m(self) -> float:
        """Metres walked between the first and the last time a camera sees them."""
        return sum(stay.length_m for stay in map(self._while_seen, self.stays) if stay is not None)

    def _while_seen(self, stay: Path) -> Path | None:
        kept = (stay.times_s >= self.seen_s[0]) & (stay.times_s <= self.seen_s[-1])
        return Path(stay.floor, stay.times_s[kept], stay.xy_m[kept]) if kept.any() else None


def read(folder: FilePath, site: Site, start: datetime) -> list[TruePerson]:
    """Everyone whom a camera sees for `SHORTEST_S` or longer. `start` is the time of the first video frame.

    Raises BadEvaluationFile if a file is missing or not in the contract's format.
    """
    stays, attributes = _read_stays(folder / "truth/paths.csv"), _read_attributes(folder / "truth/attributes.csv")
    seen: dict[str, list[float]] = defaultdict(list)
    for camera in site.cameras:
        for person, frame in _read_sightings(folder / f"truth/{camera.id}.txt"):
            seen[person].append(start.timestamp() + (frame - 1) / camera.frame_rate_hz)
    people = [
        TruePerson(person, stays[person], np.unique(np.round(times, 4)), attributes.get(person, {}))
        for person, times in sorted(seen.items())
        if person in stays
    ]
    return [person for person in people if person.seen_for_s >= SHORTEST_S]


def positions(person: TruePerson, times_s: Floats, step_s: float) -> tuple[Floats, Floats]:
    """Those of the times at which a camera sees the person (within half a `step_s`), and the positions there: (m,), (m, 2)."""
    nearest = np.searchsorted(person.seen_s, times_s)
    before = person.seen_s[np.clip(nearest - 1, 0, len(person.seen_s) - 1)]
    after = person.seen_s[np.clip(nearest, 0, len(person.seen_s) - 1)]
    visible = times_s[np.minimum(np.abs(times_s - before), np.abs(times_s - after)) <= step_s / 2 + 1e-6]
    xy_m = np.full((len(visible), 2), np.nan)
    for stay in person.stays:
        here = stay.at(visible)
        xy_m = np.where(np.isnan(xy_m), here, xy_m)
    known = ~np.isnan(xy_m[:, 0])
    return visible[known], xy_m[known]


def people_in(people: Sequence[TruePerson], polygon: tuple[tuple[float, float], ...], floor: int, at_s: float) -> int:
    """How many people stand in the polygon of the floor at a moment."""
    where = [stay.at(np.array([at_s]))[0] for person in people for stay in person.stays if stay.floor == floor]
    standing = np.array([spot for spot in where if np.isfinite(spot).all()]).reshape(-1, 2)
    return int(inside(polygon, standing).sum())


def _rows(path: FilePath, header: list[str]) -> list[list[str]]:
    try:
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
    except OSError as error:
        raise BadEvaluationFile(
            f"{path} cannot be read: {error.strerror}; expected the output of mall simulate"
        ) from None
    if not rows or rows[0] != header:
        raise BadEvaluationFile(
            f"{path}: the first line is {rows[0] if rows else 'missing'}; expected {','.join(header)}"
        )
    return rows[1:]


def _read_stays(path: FilePath) -> dict[str, tuple[Path, ...]]:
    """Everybody's stays: cut where the floor changes, or where they are nowhere for a while."""
    points: dict[str, list[tuple[float, int, float, float]]] = defaultdict(list)
    for person, floor, taken_at, x_m, y_m in _rows(path, PATHS_HEADER):
        points[person].append((datetime.fromisoformat(taken_at).timestamp(), int(floor), float(x_m), float(y_m)))
    return {person: tuple(_stays(np.array(sorted(samples)))) for person, samples in points.items()}


def _stays(samples: Floats) -> Iterator[Path]:
    """The stays of one person, (n, 4): time, floor and place."""
    cut = (np.diff(samples[:, 0]) > AWAY_S) | (np.diff(samples[:, 1]) != 0)
    for part in np.split(samples, 1 + np.flatnonzero(cut)):
        yield Path(int(part[0, 1]), part[:, 0], part[:, 2:])


def _read_attributes(path: FilePath) -> dict[str, dict[str, str]]:
    attributes: dict[str, dict[str, str]] = defaultdict(dict)
    for person, key, value in _rows(path, ATTRIBUTES_HEADER):
        attributes[person][key] = value
    return attributes


def _read_sightings(path: FilePath) -> list[tuple[str, int]]:
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise BadEvaluationFile(
            f"{path} cannot be read: {error.strerror}; expected the output of mall simulate"
        ) from None
    fields = (line.split(",") for line in lines if line.strip())
    return [(person, int(frame)) for frame, person, *_ in fields]
