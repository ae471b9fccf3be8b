"""People who go from a hall that four cameras see to an annexe before a camera of its own, by a passage that none sees."""

import uuid
from collections import Counter, defaultdict
from dataclasses import replace
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from models.vision.tracker import DetectionTable, track
from models.world.places import Camera, Site
from pipelines.associate import Associated, associate
from pipelines.association.tracklets import Tracklet
from pipelines.simulator.cameras import camera, hang
from pipelines.simulator.plan import lay_out
from pipelines.simulator.walkers import walk
from tests.pipelines.hall import START_S, boxes_in

PEOPLE, SECONDS, ANNEXE_CAMERA = 14, 110, "cam5"
Owned = dict[uuid.UUID, int]


@cache
def scene() -> tuple[Site, tuple[Tracklet, ...], Owned]:
    """The site, what each camera's tracker makes of noisy boxes with looks at one picture a second, and whose each tracklet is."""
    random = np.random.default_rng(3)
    plan = lay_out(2, random, 1)
    views = hang(plan, 4, random)
    xy_m = walk(plan, np.full(PEOPLE, 1.72), SECONDS * 10, 10.0, random).xy_m[::10]
    faces = random.normal(size=(PEOPLE, 16))
    found: list[Tracklet] = []
    owner: Owned = {}
    for number, view in enumerate(views, start=1):
        west, _, east, _ = plan.rooms[0] if number <= 4 else plan.annexes[0]
        rows, people = [], []
        for second in range(SECONDS):
            boxes, _, visible = boxes_in(view, xy_m[second])
            here = visible & (xy_m[second, :, 0] > west) & (xy_m[second, :, 0] < east)
            for person in np.flatnonzero(here & (random.random(PEOPLE) < 0.9)):
                size = np.tile(boxes[person, 2:] - boxes[person, :2], 2)
                rows.append((second, *(boxes[person] + random.normal(size=4) * size * 0.03)))
                people.append(person)
        found += tracklets(camera(number, view), np.array(rows), np.array(people), faces, random, owner)
    cameras = tuple(camera(number, view) for number, view in enumerate(views, start=1))
    return Site("annexed", ZoneInfo("Europe/Berlin"), (plan.floor,), plan.sections, cameras), tuple(found), owner


def tracklets(
    of: Camera, rows: np.ndarray, people: np.ndarray, faces: np.ndarray, random: np.random.Generator, owner: Owned
) -> list[Tracklet]:
    looks = faces[people] + random.normal(size=(len(people), 16)) * 0.4
    looks = (looks / np.linalg.norm(looks, axis=1, keepdims=True)).astype(np.float32)
    confidence = np.full(len(rows), 0.8, dtype=np.float32)
    seconds = rows[:, 0]
    seen = DetectionTable(
        START_S + seconds, seconds.astype(np.int32), rows[:, 1:].astype(np.float32), confidence, looks
    )
    tracks = track(seen, of.calibration, (640, 384), START_S + np.arange(0.0, SECONDS))
    made = []
    for number in range(int(tracks.track.max(initial=-1)) + 1):
        own = tracks.take(tracks.track == number)
        known = own.detection >= 0
        vectors = np.where(known[:, None], looks[own.detection], np.nan).astype(np.float32)
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{of.id}/{number}")
        owner[name] = Counter(people[own.detection[known]].tolist()).most_common(1)[0][0]
        columns = (own.taken_at_s, own.boxes_px, own.confidence, own.xy_m, vectors)
        made.append(Tracklet(name, uuid.uuid5(uuid.NAMESPACE_URL, of.id), of.id, *columns))
    return made


def ids_of(persons: list[Associated], owner: Owned) -> tuple[dict[int, set[uuid.UUID]], dict[int, set[str]]]:
    """Of each true person the ids that they got, by tracklets, and the cameras that saw them for five seconds or longer."""
    ids, cameras = defaultdict(set), defaultdict(set)
    for person in persons:
        for member in person.members:
            one = owner[member.tracklet.tracklet_id]
            ids[one].add(person.person_id)
            if member.tracklet.last_seen_s - member.tracklet.first_seen_s >= 5:
                cameras[one].add(member.tracklet.camera_id)
    return ids, cameras


def crossers(cameras: dict[int, set[str]]) -> list[int]:
    """Who is seen by the annexe's camera and by one of the hall."""
    return [person for person, seen_by in cameras.items() if ANNEXE_CAMERA in seen_by and len(seen_by) > 1]


def test_who_crosses_to_or_from_the_annexe_has_one_id_of_their_own() -> None:
    site, found, owner = scene()
    ids, cameras = ids_of(associate(found, site), owner)
    assert len(crossers(cameras)) >= 4
    assert all(len(ids[person]) == 1 for person in crossers(cameras))
    assert len({name for names in ids.values() for name in names}) == len(ids)


def test_by_place_alone_it_is_not_told_who_crosses() -> None:
    site, found, owner = scene()
    blind = [replace(one, looks=np.zeros((0, 0), dtype=np.float32)) for one in found]
    ids, cameras = ids_of(associate(blind, site), owner)
    assert any(len(ids[person]) > 1 for person in crossers(cameras))
