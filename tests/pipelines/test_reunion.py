"""People who leave the view of one camera and come into that of another, that sees none of the same floor, or come back an hour later."""

import uuid
from dataclasses import replace
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.world.places import Calibration, Camera, Floor, Site
from pipelines.associate import Associated, Known, associate
from pipelines.association.tracklets import Tracklet

START_S, PEOPLE, SECONDS = 1_790_000_000.0, 8, 8
M_PER_PX = 0.01


def site() -> Site:
    """Two cameras that look straight down at two pieces of a corridor forty metres apart."""
    cameras = tuple(
        Camera(
            name,
            0,
            640,
            640,
            10.0,
            1.0,
            Calibration(((M_PER_PX, 0.0, x_m), (0.0, M_PER_PX, 0.0), (0.0, 0.0, 1.0))),
        )
        for name, x_m in (("a", 0.0), ("b", 40.0))
    )
    outline = ((-10.0, -10.0), (60.0, -10.0), (60.0, 20.0), (-10.0, 20.0))
    return Site("corridor", ZoneInfo("Europe/Berlin"), (Floor(0, "Ground floor", outline),), (), cameras)


def tracklet(camera: str, person: int, start_s: float, looks: np.ndarray) -> Tracklet:
    """Somebody walks through a camera's view along a line of their own."""
    random = np.random.default_rng([person, round(start_s) % 100_000])
    steps = np.arange(SECONDS)
    foot = np.column_stack([60 + 50.0 * steps, np.full(SECONDS, 100.0 + 40 * person)]) + random.normal(
        0, 2, (SECONDS, 2)
    )
    boxes = np.column_stack([foot[:, 0] - 15, foot[:, 1] - 90, foot[:, 0] + 15, foot[:, 1]]).astype(np.float32)
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{camera}/{person}/{start_s}")
    xy_m = foot * M_PER_PX + np.array([40.0 if camera == "b" else 0.0, 0.0])
    seen = looks + random.normal(0, 0.1, len(looks)) + random.normal(0, 0.1, (SECONDS, len(looks)))
    confidence = np.full(SECONDS, 0.9, dtype=np.float32)
    return Tracklet(name, uuid.UUID(int=ord(camera)), camera, start_s + steps, boxes, confidence, xy_m, seen)


@cache
def everybody() -> tuple[tuple[Tracklet, int], ...]:
    """Everybody is seen by one camera, then after a minute by the other, then after ten by the first again; with who it is."""
    found = []
    for person in range(PEOPLE):
        looks = np.eye(PEOPLE)[person]
        for camera, wait_s in (("a", 0), ("b", 60), ("a", 700)):
            found.append((tracklet(camera, person, START_S + 7 * person + wait_s, looks), person))
    return tuple(found)


def owners(persons: list[Associated]) -> dict[uuid.UUID, uuid.UUID]:
    return {member.tracklet.tracklet_id: person.person_id for person in persons for member in person.members}


def known(persons: list[Associated]) -> list[Known]:
    return [
        Known(
            person.person_id,
            person.day,
            frozenset(member.tracklet.tracklet_id for member in person.members),
            float(person.paths[0].times_s[0]),
        )
        for person in persons
    ]


def test_who_goes_from_a_camera_to_another_without_overlap_and_back_is_one_person() -> None:
    persons = associate([one for one, _ in everybody()], site())
    owner = owners(persons)
    assert len(persons) == PEOPLE
    assert all(
        len({owner[one.tracklet_id] for one, who in everybody() if who == person}) == 1 for person in range(PEOPLE)
    )
    assert {tuple(member.reason for member in person.members) for person in persons} == {
        ("founder", "return", "return")
    }
    assert all(member.score > 0 for person in persons for member in person.members[1:])
    assert {len(person.paths) for person in persons} == {3}


def in_uniform(looks: tuple[np.ndarray, np.ndarray]) -> list[Tracklet]:
    """Two more people, who leave the one camera together and come before the other together."""
    walks = [(PEOPLE + number, one, wait_s) for number, one in enumerate(looks) for wait_s in (0, 60)]
    return [tracklet("b" if wait_s else "a", who, START_S + 56 + wait_s, one) for who, one, wait_s in walks]


def test_of_two_in_one_uniform_nobody_says_who_came_back_and_both_links_stay_open_with_their_probability() -> None:
    uniform = np.full(PEOPLE, PEOPLE**-0.5)
    persons = associate([*(one for one, _ in everybody()), *in_uniform((uniform, uniform))], site())
    assert len(persons) == PEOPLE + 4
    open_links = [one for person in persons for one in person.members if one.likely is not None and one.likely.is_open]
    assert [member.reason for member in open_links] == ["founder", "founder"]
    for member in open_links:
        assert 0.3 < member.likely.probability < 0.6
        assert (
            str(member)
            == f"founder, open: {member.likely.after} {member.likely.score:+.1f} p={member.likely.probability:.2f}"
        )


def test_two_who_go_together_in_clothes_of_their_own_are_told_apart_with_little_doubt() -> None:
    one, other = np.eye(PEOPLE)[[0, 1]] + np.eye(PEOPLE)[[2, 3]]
    persons = associate([*(seen for seen, _ in everybody()), *in_uniform((one, other))], site())
    assert len(persons) == PEOPLE + 2
    links = [member.likely for person in persons for member in person.members if member.reason == "return"]
    assert min(link.probability for link in links) > 0.9
    assert not any(link.is_open for link in links)


def test_places_alone_join_nobody() -> None:
    unknown = [replace(one, looks=np.zeros((0, 0), dtype=np.float32)) for one, _ in everybody()]
    assert len(associate(unknown, site())) == 3 * PEOPLE


def test_who_comes_back_in_the_next_hour_is_remembered() -> None:
    early = [one for one, _ in everybody() if one.first_seen_s < START_S + 400]
    late = [one for one, _ in everybody() if one.first_seen_s >= START_S + 400]
    before = associate(early, site())
    after = associate(late, site(), known(before), remembered=early)
    who = {one.tracklet_id: person for one, person in everybody()}
    name_of = {who[tracklet]: name for tracklet, name in owners(before).items()}
    found = {who[tracklet]: name for tracklet, name in owners(after).items()}
    remembered = [person for person, name in found.items() if name == name_of[person]]
    assert len(remembered) >= 0.75 * PEOPLE
    assert all(name not in name_of.values() for person, name in found.items() if person not in remembered)


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.sets(st.integers(0, 3 * PEOPLE - 1), max_size=2 * PEOPLE))
def test_tracklets_that_come_late_leave_earlier_ids_unchanged(late: set[int]) -> None:
    tracklets = [one for one, _ in everybody()]
    before = associate([one for number, one in enumerate(tracklets) if number not in late], site())
    after = associate(tracklets, site(), known(before))
    founders = {person.members[0].tracklet.tracklet_id: person.person_id for person in before}
    kept = owners(after)
    assert all(kept[founder] == name for founder, name in founders.items())


def test_the_order_of_the_input_does_not_matter() -> None:
    tracklets = [one for one, _ in everybody()]
    assert owners(associate(tracklets, site())) == owners(associate(tracklets[::-1], site()))
