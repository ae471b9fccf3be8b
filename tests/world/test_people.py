import uuid
from datetime import UTC, date, datetime

from models.world import people

SEGMENT = people.segment_id("cam1", datetime(2026, 11, 24, tzinfo=UTC), "ab" * 32)


def test_the_same_input_gives_the_same_ids_and_another_gives_others() -> None:
    again = people.segment_id("cam1", datetime(2026, 11, 24, tzinfo=UTC), "ab" * 32)
    assert again == SEGMENT
    tracklets = {people.tracklet_id(SEGMENT, version, number) for version in ("v1", "v2") for number in (0, 1)}
    assert len(tracklets) == 4


def test_person_ids_sort_by_first_sighting_and_are_rfc_9562_version_8() -> None:
    ids = [people.person_id("northgate", date(2026, 11, 24), uuid.UUID(int=n), 1.7e9 + n) for n in range(5)]
    assert ids == sorted(ids)
    assert {(i.version, i.variant) for i in ids} == {(8, uuid.RFC_4122)}


def test_one_visitor_has_unlinkable_ids_on_two_days() -> None:
    founder = uuid.UUID(int=7)
    monday, tuesday = (people.person_id("northgate", date(2026, 11, day), founder, 1.7e9) for day in (23, 24))
    assert monday.bytes[:6] == tuesday.bytes[:6]
    assert monday.bytes[8:] != tuesday.bytes[8:]
