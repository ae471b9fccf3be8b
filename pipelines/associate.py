"""Association: the tracklets of all cameras become persons, one id for one visitor of one day.

Sightings of all cameras are fused moment by moment and followed over the floor (`pipelines.association`). So one
mechanism joins what overlapping cameras see, carries people over the borders of segments, bridges short gaps and mends
what a single camera mixed up. A tracklet then belongs to the person who holds most of it. Who goes out of view and comes back, before
another camera, on another floor or in another hour, is joined by looks and by where people go from where.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from models.world.paths import Path
from models.world.people import person_id
from models.world.periods import from_epoch_s, local_day
from models.world.places import Site
from pipelines.association.doubles import united
from pipelines.association.ends import paths
from pipelines.association.following import differences, followed
from pipelines.association.reasons import Membership, memberships
from pipelines.association.reunion import Person, reunited
from pipelines.association.stays import Stay, stays
from pipelines.association.tracklets import Tracklet, in_order, sightings
from pipelines.association.visitors import owners, visitors

VERSION = "8"
"""Raised whenever the same tracklets would become other persons or paths."""
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
    """One person of one day: id, day, tracklets by first sight with the reason for each, and the paths, one for each stay in view."""

    person_id: uuid.UUID
    day: date
    members: tuple[Membership, ...]
    paths: tuple[Path, ...]


def associate(
    tracklets: Iterable[Tracklet],
    site: Site,
    known: Sequence[Known] = (),
    *,
    remembered: Iterable[Tracklet] = (),
    step_s: float = STEP_S,
) -> list[Associated]:
    """The persons behind the tracklets, by first sight. The order of the input does not matter.

    A stay that holds tracklets of a known person keeps that id (each id once, to which holds most of it). Stays of people who went
    out of view and came back are one person (`association.reunion`), also with what is `remembered`: tracklets of known persons
    seen before or after these. Others are founded by their earliest tracklet. Who is no visitor (`association.visitors`) is left out.
    """
    ordered = in_order(list(tracklets))
    found = visitors([stay for floor in site.floors for stay in _on_floor(ordered, site, floor.id, step_s)], ordered)
    owner, kept = owners(found), _kept_ids(found, ordered, known)
    own = [[tracklet for tracklet in stay.rows if owner[tracklet] == number] for number, stay in enumerate(found)]
    recalled = in_order(list(remembered))
    persons = [
        person
        for day in sorted({stay.day for stay in found})
        for person in _of_day(day, found, [[ordered[i] for i in some] for some in own], site, kept, known, recalled)
    ]
    names = _named(persons, found, own, ordered, site)
    earlier = {person.person_id: person.first_seen_s for person in known}
    associated = []
    for person, name in zip(persons, names, strict=True):
        walked = paths([found[one] for one in person.stays], ordered)
        is_known = earlier.get(name, np.inf) < walked[0].times_s[0] - step_s
        members = [
            member
            for number in person.stays
            for member in memberships(
                found[number],
                own[number],
                ordered,
                is_first=number == person.stays[0],
                is_known=is_known,
                likely=person.returns.get(number),
            )
        ]
        associated.append(Associated(name, found[person.stays[0]].day, tuple(members), walked))
    return sorted(associated, key=lambda person: (person.paths[0].times_s[0], person.person_id))


def _of_day(
    day: date,
    found: Sequence[Stay],
    own: Sequence[Sequence[Tracklet]],
    site: Site,
    kept: Mapping[int, uuid.UUID],
    known: Sequence[Known],
    recalled: Sequence[Tracklet],
) -> list[Person]:
    """The persons of one day, their stays numbered as in `found`."""
    numbers = [number for number, stay in enumerate(found) if stay.day == day]
    name_of = {tracklet: one.person_id for one in known if one.day == day for tracklet in one.tracklet_ids}
    by_name: dict[uuid.UUID, list[Tracklet]] = {}
    for tracklet in recalled:
        if tracklet.tracklet_id in name_of:
            by_name.setdefault(name_of[tracklet.tracklet_id], []).append(tracklet)
    names = {position: kept[number] for position, number in enumerate(numbers) if number in kept}
    persons = reunited([found[one] for one in numbers], [own[one] for one in numbers], site, names, by_name)
    return [
        replace(
            person,
            stays=tuple(numbers[one] for one in person.stays),
            returns={numbers[one]: likely for one, likely in person.returns.items()},
        )
        for person in persons
    ]


def _on_floor(ordered: Sequence[Tracklet], site: Site, floor: int, step_s: float) -> list[Stay]:
    cameras = [camera for camera in site.cameras if camera.floor == floor and camera.calibration is not None]
    if not cameras:
        return []
    seen = sightings(ordered, cameras, step_s)
    fused, ways = followed(seen, step_s)
    ways = united(ways, fused, differences(ways, fused))

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
    persons: Sequence[Person],
    found: Sequence[Stay],
    own: Sequence[Sequence[int]],
    ordered: Sequence[Tracklet],
    site: Site,
) -> list[uuid.UUID]:
    used, names = {person.name for person in persons if person.name is not None}, []
    for person in persons:
        name = person.name
        if name is None:
            first = person.stays[0]
            name = next(name for name in _new_names(found[first], own[first], ordered, site) if name not in used)
        used.add(name)
        names.append(name)
    return names


def _new_names(stay: Stay, own: Sequence[int], ordered: Sequence[Tracklet], site: Site) -> Iterator[uuid.UUID]:
    """Ids for a new person, best first: founded by the earliest own tracklet; others only if that id is taken."""
    founders = sorted(stay.rows, key=lambda tracklet: (tracklet not in own, tracklet))
    for later_ms in range(1000):
        for tracklet in founders:
            first_s = float(stay.times_s[0]) + later_ms / 1000
            yield person_id(site.name, stay.day, ordered[tracklet].tracklet_id, first_s)
