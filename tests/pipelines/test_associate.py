"""Association on simulated walkers and noisy boxes of four cameras, tracked camera by camera, without pictures."""

import itertools
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from models.vision.tracker import DetectionTable, track
from models.world.paths import Path
from pipelines.associate import Associated, Known, associate
from pipelines.association.tracklets import Tracklet
from pipelines.path_scores import score_paths
from pipelines.truth import TruePerson
from tests.pipelines.hall import START_S, Hall, hall


def tracklets_of(scene: Hall, files: int = 1) -> list[Tracklet]:
    """What each camera's tracker makes of each of its files."""
    found = []
    for camera, number in itertools.product(scene.site.cameras, range(files)):
        table = scene.detections[camera.id]
        times = np.linspace(START_S, START_S + scene.seconds, files + 1)
        own = (table.taken_at_s >= times[number]) & (table.taken_at_s < times[number + 1])
        columns = (table.taken_at_s, table.frame, table.boxes_px, table.confidence)
        seen = DetectionTable(*(column[own] for column in columns))
        tracks = track(seen, camera.calibration, (640, 384), START_S + np.arange(0.0, scene.seconds))
        segment = uuid.uuid5(uuid.NAMESPACE_URL, f"{camera.id}/{number}")
        for one in range(int(tracks.track.max(initial=-1)) + 1):
            rows = tracks.take(tracks.track == one)
            name = uuid.uuid5(segment, str(one))
            found.append(Tracklet(name, segment, camera.id, rows.taken_at_s, rows.boxes_px, rows.confidence, rows.xy_m))
    return found


def idf1(scene: Hall, persons: list[Associated]) -> float:
    people = [TruePerson(str(n), (path,), _every_half_second(path), {}) for n, path in enumerate(scene.truth)]
    return score_paths(people, {str(person.person_id): list(person.paths) for person in persons}).idf1_1m


def _every_half_second(path: Path) -> np.ndarray:
    followed = np.isin(path.times_s + 1, path.times_s)
    return np.unique(np.concatenate([path.times_s, path.times_s[followed] + 0.5]))


@cache
def small() -> tuple[Hall, tuple[Tracklet, ...]]:
    scene = hall(people=8, cameras=3, seconds=40, seed=7)
    return scene, tuple(tracklets_of(scene, files=2))


def owners(persons: list[Associated]) -> dict[uuid.UUID, uuid.UUID]:
    return {member.tracklet.tracklet_id: person.person_id for person in persons for member in person.members}


def known(persons: list[Associated], before_s: float = np.inf) -> list[Known]:
    return [
        Known(person.person_id, person.day, frozenset(names), float(person.paths[0].times_s[0]))
        for person in persons
        if (names := [one.tracklet.tracklet_id for one in person.members if one.tracklet.first_seen_s < before_s])
    ]


def test_twenty_people_before_four_cameras_get_one_id_each() -> None:
    scene = hall(people=20, cameras=4, seconds=60, seed=1, misses=0.15, phase_s=0.2)
    persons = associate(tracklets_of(scene, files=2), scene.site)
    assert len(scene.truth) * 0.8 <= len(persons) <= len(scene.truth) * 1.2
    assert idf1(scene, persons) >= 85


def test_the_order_of_the_input_does_not_matter() -> None:
    scene, tracklets = small()
    shuffled = [tracklets[i] for i in np.random.default_rng(0).permutation(len(tracklets))]
    one, other = associate(tracklets, scene.site), associate(shuffled, scene.site)
    assert [person.person_id for person in one] == [person.person_id for person in other]
    assert owners(one) == owners(other)
    assert [path.times_s.tolist() for person in one for path in person.paths] == [
        path.times_s.tolist() for person in other for path in person.paths
    ]
    assert all((a.paths[0].xy_m == b.paths[0].xy_m).all() for a, b in zip(one, other, strict=True))


def test_every_tracklet_has_at_most_one_person_and_a_reason() -> None:
    scene, tracklets = small()
    persons = associate(tracklets, scene.site)
    names = [member.tracklet.tracklet_id for person in persons for member in person.members]
    assert len(names) == len(set(names))
    assert len(names) > 0.9 * len(tracklets)
    for person in persons:
        assert [member.reason for member in person.members[:1]] == ["founder"]
        assert {member.reason for member in person.members[1:]} <= {"camera-overlap", "segment-border", "gap"}
    reasons = {member.reason: member.score for person in persons for member in person.members}
    assert reasons["camera-overlap"] > 0
    assert "segment-border" in reasons


def test_one_camera_alone_carries_people_over_the_borders_of_its_files() -> None:
    scene = hall(people=4, cameras=1, seconds=40, seed=3, misses=0.0)
    whole, cut = (associate(tracklets_of(scene, files), scene.site) for files in (1, 3))
    assert len(cut) == len(whole)
    assert idf1(scene, cut) == pytest.approx(idf1(scene, whole), abs=3)
    assert sum(member.reason == "segment-border" for person in cut for member in person.members) >= 2


def test_people_known_before_keep_their_ids() -> None:
    scene, tracklets = small()
    persons = associate(tracklets, scene.site)
    renamed = {person.person_id: uuid.uuid5(person.person_id, "old") for person in persons}
    memory = [replace(one, person_id=renamed[one.person_id]) for one in known(persons)]
    again = associate(tracklets, scene.site, memory)
    assert {person.person_id for person in again} == set(renamed.values())
    assert {name: renamed[owner] for name, owner in owners(persons).items()} == owners(again)


def test_late_tracklets_leave_earlier_ids_unchanged() -> None:
    scene, tracklets = small()
    early = [one for one in tracklets if one.camera_id != "cam1"]
    before = associate(early, scene.site)
    after = associate(tracklets, scene.site, known(before))
    founders = {person.person_id: person.members[0].tracklet.tracklet_id for person in before if person.members}
    kept = owners(after)
    same = [kept.get(founder) == name for name, founder in founders.items()]
    assert np.mean(same) >= 0.8
    assert set(founders) & {person.person_id for person in after} == {n for n in founders if n in set(kept.values())}


def test_who_was_known_before_the_hour_is_remembered_with_that_reason() -> None:
    scene, tracklets = small()
    persons = associate(tracklets, scene.site)
    earlier = [replace(one, first_seen_s=one.first_seen_s - 600) for one in known(persons)]
    again = associate(tracklets, scene.site, earlier)
    assert {person.members[0].reason for person in again if person.members} == {"memory"}


def test_at_local_midnight_a_person_becomes_another() -> None:
    scene = hall(people=4, cameras=2, seconds=40, seed=3)
    midnight = datetime(2026, 11, 3, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC).timestamp()
    shift_s = midnight - START_S - 20
    moved = [replace(one, taken_at_s=one.taken_at_s + shift_s) for one in tracklets_of(scene)]
    persons = associate(moved, scene.site)
    days = {person.day.isoformat() for person in persons}
    assert days == {"2026-11-02", "2026-11-03"}
    for person in persons:
        assert (person.paths[-1].times_s[-1] < midnight) == (person.day.isoformat() == "2026-11-02")
    assert len({person.person_id for person in persons}) == len(persons)


def test_two_people_who_cross_are_not_merged_in_one_camera() -> None:
    scene = hall(people=2, cameras=1, seconds=30, seed=11, misses=0.0)
    persons = associate(tracklets_of(scene), scene.site)
    for person in persons:
        times = np.concatenate([member.tracklet.taken_at_s for member in person.members])
        assert len(np.unique(times)) == len(times)


def test_nothing_in_gives_nothing_out() -> None:
    scene, _ = small()
    assert associate([], scene.site) == []


def test_a_single_sample_is_nobody() -> None:
    scene, tracklets = small()
    one = tracklets[0]
    short = replace(one, **{name: getattr(one, name)[:1] for name in ("taken_at_s", "boxes_px", "confidence", "xy_m")})
    assert associate([short], scene.site) == []


def test_paths_have_a_place_every_second() -> None:
    scene, tracklets = small()
    for person in associate(tracklets, scene.site):
        for path in person.paths:
            inner_s = path.times_s[1:-1]
            assert set(np.diff(inner_s)) == {1.0}
            assert (inner_s == np.round(inner_s)).all()
            assert max(path.times_s[1] - path.times_s[0], path.times_s[-1] - path.times_s[-2]) < 1.0
