"""Stays that are one person: who went out of view, by blind areas, floors and hours, and came back.

The stays of this hour and the tracklets remembered from the hours around it are visits; `returning` says which of them are one
person's, by looks and by where people go from where. What has a name keeps it: two names are never joined, and where a chain
of visits holds two of them its weakest links are left open.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.vision.tracker import identity
from models.world.places import Site
from pipelines.association import returning
from pipelines.association.bridging import LONGEST_S
from pipelines.association.reasons import Return
from pipelines.association.stays import Stay
from pipelines.association.tracklets import Floats, Tracklet, without_cast
from pipelines.association.visits import Returns, Visits


@dataclass(frozen=True)
class Person:
    """The numbers of somebody's stays, by time; `name` if there is one already; `returns` what each stay is likely to come after, if it
    is likely that it does.
    """

    stays: tuple[int, ...]
    name: uuid.UUID | None
    returns: Mapping[int, Return]


def reunited(
    found: Sequence[Stay],
    own: Sequence[Sequence[Tracklet]],
    site: Site,
    kept: Mapping[int, uuid.UUID],
    remembered: Mapping[uuid.UUID, Sequence[Tracklet]],
) -> list[Person]:
    """The persons of one day behind its stays, each stay in one of them; `own` are each stay's tracklets, `kept` the names that stays
    have, `remembered` what those who have names were seen as around the hour.
    """
    recalled = [(name, visit) for name, some in remembered.items() for visit in _in_view(some)]
    names = [kept.get(number) for number in range(len(found))] + [name for name, _ in recalled]
    seen = [*own, *(visit for _, visit in recalled)]
    spans = [(stay.times_s[0], stay.times_s[-1]) for stay in found]
    spans += [(visit[0].first_seen_s, max(one.last_seen_s for one in visit)) for _, visit in recalled]
    numbered = {name: number for number, name in enumerate(dict.fromkeys(name for name in names if name is not None))}
    visits = _visits(seen, spans, site)
    named = np.array([-1 if name is None else numbered[name] for name in names], dtype=np.intp)
    came = returning.joined(visits, named)
    persons = []
    for one in dict.fromkeys(came.person[: len(found)].tolist()):
        members = np.flatnonzero(came.person == one)
        stays = sorted((number for number in members.tolist() if number < len(found)), key=lambda number: spans[number])
        name = next((names[number] for number in members if names[number] is not None), None)
        returns = {number: _return(number, came, seen) for number in stays if came.before[number] >= 0}
        persons.append(Person(tuple(stays), name, returns))
    return persons


def _return(number: int, came: Returns, seen: Sequence[Sequence[Tracklet]]) -> Return:
    """What a visit is likely to come after, as tracklets tell it."""
    last = max(seen[came.before[number]], key=lambda one: (one.last_seen_s, one.tracklet_id))
    score, probability = float(came.gain[number]), float(came.probability[number])
    return Return(last.tracklet_id, score, probability, bool(came.is_open[number]))


def _in_view(tracklets: Sequence[Tracklet]) -> list[list[Tracklet]]:
    """A person's tracklets, by first sight, cut where nobody sees them for longer than ways are bridged."""
    found: list[list[Tracklet]] = []
    for one in sorted(tracklets, key=lambda one: (one.first_seen_s, one.tracklet_id)):
        if not found or one.first_seen_s > max(other.last_seen_s for other in found[-1]) + LONGEST_S:
            found.append([])
        found[-1].append(one)
    return found


def _visits(seen: Sequence[Sequence[Tracklet]], spans: Sequence[tuple[float, float]], site: Site) -> Visits:
    number = {camera.id: position for position, camera in enumerate(site.cameras)}
    floor = np.array([camera.floor for camera in site.cameras], dtype=np.int64)
    firsts = [number[min(some, key=lambda one: (one.first_seen_s, one.tracklet_id)).camera_id] for some in seen]
    lasts = [number[max(some, key=lambda one: (one.last_seen_s, one.tracklet_id)).camera_id] for some in seen]
    times_s = np.array(spans, dtype=np.float64).reshape(-1, 2)
    return Visits(
        start_s=times_s[:, 0],
        end_s=times_s[:, 1],
        first_camera=np.array(firsts, dtype=np.int64),
        last_camera=np.array(lasts, dtype=np.int64),
        looks=_looks(seen, number),
        floor=floor,
        xy_m=_middles(seen, number),
    )


def _looks(seen: Sequence[Sequence[Tracklet]], number: Mapping[str, int]) -> Floats:
    """How each visitor looks in the mean, on the main axes and free of the cameras' casts; (n, 0) if that is not known of all."""
    parts = [
        (visit, one) for visit, some in enumerate(seen) for one in some if np.isfinite(one.looks).all(axis=1).any()
    ]
    axes = {one.looks.shape[1] for _, one in parts}
    if len(axes) != 1 or len({visit for visit, _ in parts}) < len(seen):
        return np.zeros((len(seen), 0))
    known = [one.looks[np.isfinite(one.looks).all(axis=1)].astype(np.float64) for _, one in parts]
    count = [len(rows) for rows in known]
    visit = np.repeat([visit for visit, _ in parts], count)
    free = without_cast(np.concatenate(known), np.repeat([number[one.camera_id] for _, one in parts], count))
    sums = np.zeros((len(seen), free.shape[1]))
    np.add.at(sums, visit, free)
    return identity.main_axes(sums / np.bincount(visit, minlength=len(seen))[:, None])


def _middles(seen: Sequence[Sequence[Tracklet]], number: Mapping[str, int]) -> Floats:
    """The middle of where each camera sees people, (k, 2) m; 0 where it sees nobody."""
    sums, count = np.zeros((len(number), 2)), np.zeros(len(number))
    for one in (one for some in seen for one in some):
        sums[number[one.camera_id]] += one.xy_m.sum(axis=0)
        count[number[one.camera_id]] += len(one.xy_m)
    return np.asarray(sums / np.maximum(count, 1)[:, None])
