"""Association: the tracklets of all cameras become persons, one id for one visitor of one day.

Sightings of all cameras are fused moment by moment and followed over the floor (`pipelines.association`). So one
mechanism joins what overlapping cameras see, carries people over the borders of segments, bridges short gaps and mends
what a single camera mixed up. A tracklet then belongs to the person who holds most of it.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from models.world.paths import Path
from models.world.people import person_id
from models.world.periods import from_epoch_s, local_day
from models.world.places import Site
from pipelines.association.following import followed
from pipelines.association.reasons import Membership, memberships
from pipelines.association.stays import Stay, stays
from pipelines.association.tracklets import Tracklet, in_order, sightings
from pipelines.association.visitors import owners, visitors

VERSION = "2"
"""Raised whenever the same tracklets would become other persons."""
STEP_S = 1.0
"""Step of the common clock, and of the paths."""


@dataclass(frozen=True)
class Known:
    """A person of a day who has an id already, and their tracklets."""

    person_id: uuid.UUID
    day: date
    tracklet_ids: frozenset[uuid.UUID]
    first_seen_s: float


@dataclass(frozen=True)
class Associated:
    """One person of one day: id, day, tracklets by first sight with the reason for each, and the path."""

    person_id: uuid.UUID
    day: date
    members: tuple[Membership, ...]
    path: Path


def associate(
    tracklets: Iterable[Tracklet], site: Site, known: Sequence[Known] = (), *, step_s: float = STEP_S
) -> list[Associated]:
    """The persons behind the tracklets, by first sight. The order of the input does not matter.

    A person who holds tracklets of a known one keeps that id (each id once, to whom holds most of it); others are founded
    by their earliest tracklet. Who is no visitor (`association.visitors`) is left out.
    """
    ordered = in_order(list(tracklets))
    found = visitors([stay for floor in site.floors for stay in _on_floor(ordered, site, floor.id, step_s)], ordered)
    kept = _kept_ids(found, ordered, known)
    names = _named(found, ordered, site, kept)
    owner = owners(found)
    earlier = {person.person_id: person.first_seen_s for person in known}
    persons = []
    for number, (stay, name) in enumerate(zip(found, names, strict=True)):
        own = [tracklet for tracklet in stay.rows if owner[tracklet] == number]
        is_known = earlier.get(name, np.inf) < stay.times_s[0] - step_s
        members = memberships(stay, own, ordered, is_known=is_known)
        persons.append(Associated(name, stay.day, members, Path(stay.floor, stay.times_s, stay.xy_m)))
    return sorted(persons, key=lambda person: (person.path.times_s[0], person.person_id))


def _on_floor(ordered: Sequence[Tracklet], site: Site, floor: int, step_s: float) -> list[Stay]:
    cameras = [camera for camera in site.cameras if camera.floor == floor and camera.calibration is not None]
    if not cameras:
        return []
    seen = sightings(ordered, cameras, step_s)
    fused, ways = followed(seen, step_s)

    def day_of(time_s: float) -> date:
        return local_day(from_epoch_s(time_s), site.time_zone)

    return stays(ways, seen, fused, floor, day_of, step_s)


def _kept_ids(found: Sequence[Stay], ordered: Sequence[Tracklet], known: Sequence[Known]) -> dict[int, uuid.UUID]:
    """The ids that stays keep: pairs of a stay and a known person by the ticks they have in common, most first."""
    known_by = {(tracklet, one.day): one for one in known for tracklet in one.tracklet_ids}
    common: Counter[tuple[int, float, uuid.UUID]] = Counter()
    for number, stay in enumerate(found):
        for tracklet, rows in stay.rows.items():
            one = known_by.get((ordered[tracklet].tracklet_id, stay.day))
            if one is not None:
                common[number, one.first_seen_s, one.person_id] += len(rows)
    kept: dict[int, uuid.UUID] = {}
    for (number, _, name), _ in sorted(common.items(), key=lambda item: (-item[1], item[0][1:], item[0][0])):
        if number not in kept and name not in kept.values():
            kept[number] = name
    return kept


def _named(
    found: Sequence[Stay], ordered: Sequence[Tracklet], site: Site, kept: dict[int, uuid.UUID]
) -> list[uuid.UUID]:
    owner, used, names = owners(found), set(kept.values()), []
    for number, stay in enumerate(found):
        name = kept.get(number)
        if name is None:
            name = next(name for name in _new_names(stay, number, owner, ordered, site) if name not in used)
        used.add(name)
        names.append(name)
    return names


def _new_names(
    stay: Stay, number: int, owner: dict[int, int], ordered: Sequence[Tracklet], site: Site
) -> Iterator[uuid.UUID]:
    """Ids for a new person, best first: founded by the earliest own tracklet; others only if that id is taken."""
    own = sorted(stay.rows, key=lambda tracklet: (owner[tracklet] != number, tracklet))
    for later_ms in range(1000):
        for tracklet in own:
            first_s = float(stay.times_s[0]) + later_ms / 1000
            yield person_id(site.name, stay.day, ordered[tracklet].tracklet_id, first_s)
