from datetime import timedelta

import pytest

from models.world.errors import (
    BadParameter,
    BadWindow,
    MallError,
    NotAllowed,
    NotExtracted,
    NotRecorded,
    StoreUnavailable,
    UnknownQuestion,
    UnknownSection,
)
from serve.logic.known import Gap
from serve.logic.outcomes import UnknownKey
from sql.coverage import CameraCoverage, Unusable
from sql.keys import Caller
from tests.serve.mall import (
    ASKED,
    HOUR,
    KEY,
    NOON,
    NOW,
    MemoryRecords,
    caller_of,
    covering,
    desk_over,
    everything,
    minutes,
)


def ask(records: MemoryRecords, question: str = "average-distance", caller: Caller | None = None, **inputs: object):
    given = {**ASKED, **inputs} if question != "people-in-section" else inputs
    return desk_over(records).ask(question, given, caller or everything(), request_id="r1")


def test_a_fully_covered_window_is_answered_with_its_passport() -> None:
    answered = ask(MemoryRecords(rows=[(20, 31.5, 30.0)]))
    assert answered.rows == [(20, 31.5, 30.0)]
    assert answered.passport.window == HOUR
    assert answered.passport.covered == (HOUR,)
    assert answered.passport.cameras == ("cam1", "cam2")
    assert answered.passport.camera_hours == pytest.approx(2.0)
    assert answered.passport.gaps == ()
    assert answered.passport.versions == {"extractor": ("v1",), "association": ("a1",), "attributes": ("d1",)}
    assert answered.passport.computed_at == NOW


def test_recorded_but_unprocessed_time_refuses_the_whole_answer_and_names_it() -> None:
    records = MemoryRecords(coverage=[covering("cam1", [HOUR], [HOUR]), covering("cam2", [HOUR], [minutes(0, 30)])])
    with pytest.raises(NotExtracted) as refused:
        ask(records)
    assert refused.value.missing == {"cam2": [minutes(30, 60)]}
    assert refused.value.camera_hours == pytest.approx(0.5)
    assert records.asked == []


def test_unrecorded_time_is_a_gap_of_a_complete_answer() -> None:
    part = [minutes(0, 45)]
    answered = ask(MemoryRecords(rows=[(9, 1.0, 1.0)], coverage=[covering("cam1", part, part)]))
    assert answered.passport.gaps == (Gap("cam1", minutes(45, 60), "no-video"), Gap("cam2", HOUR, "no-video"))
    assert answered.passport.cameras == ("cam1",)


def test_video_that_is_known_to_be_unusable_is_a_gap_with_its_reason() -> None:
    broken = CameraCoverage("cam1", [HOUR], [minutes(0, 20)], {"v1"}, [Unusable(minutes(20, 60), "corrupt")])
    answered = ask(MemoryRecords(rows=[(9, 1.0, 1.0)], coverage=[broken, covering("cam2", [minutes(0, 30)], [HOUR])]))
    assert answered.passport.gaps == (Gap("cam1", minutes(20, 60), "corrupt"),)
    assert answered.passport.cameras == ("cam1", "cam2")
    assert answered.passport.camera_hours == pytest.approx(20 / 60 + 1)


def test_unusable_video_does_not_excuse_other_video_that_is_unprocessed() -> None:
    broken = CameraCoverage("cam1", [HOUR], [], set(), [Unusable(minutes(-30, 20), "corrupt")])
    with pytest.raises(NotExtracted) as refused:
        ask(MemoryRecords(coverage=[broken]))
    assert refused.value.missing == {"cam1": [minutes(20, 60)]}


def test_a_window_with_nothing_but_unusable_video_says_why() -> None:
    deleted = CameraCoverage("cam1", [HOUR], [], set(), [Unusable(HOUR, "deleted")])
    with pytest.raises(NotRecorded, match=r"no camera has usable video .*: cam1 deleted"):
        ask(MemoryRecords(coverage=[deleted]))


def test_a_processed_window_whose_video_is_deleted_is_still_known() -> None:
    answered = ask(MemoryRecords(rows=[(9, 1.0, 1.0)], coverage=[covering("cam1", [], [HOUR])]))
    assert answered.passport.gaps == (Gap("cam2", HOUR, "no-video"),)


def test_a_window_without_video_says_what_is_recorded() -> None:
    earlier = [minutes(-120, -60)]
    with pytest.raises(NotRecorded, match=r"2026-11-24T10:00:00\+00:00 and 2026-11-24T11:00"):
        ask(MemoryRecords(coverage=[covering("cam1", earlier, earlier)]))
    with pytest.raises(NotRecorded, match="mall ingest"):
        ask(MemoryRecords(coverage=[]))


def test_an_instant_needs_the_time_around_it() -> None:
    at = NOON + timedelta(minutes=30)
    whole = MemoryRecords(rows=[("food-court", at, 7)])
    assert ask(whole, "people-in-section", section="food-court", at=at.isoformat()).rows == [("food-court", at, 7)]
    for part in (minutes(0, 30), minutes(30, 60)):
        cut = MemoryRecords(coverage=[covering("cam1", [HOUR], [part])])
        with pytest.raises(NotExtracted):
            ask(cut, "people-in-section", section="food-court", at=at.isoformat())


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ({"to": (NOW + timedelta(hours=1)).isoformat()}, "future"),
        ({"from": (NOW + timedelta(hours=1)).isoformat(), "to": (NOW + timedelta(hours=2)).isoformat()}, "future"),
        ({"from": "2026-01-01T00:00Z"}, "at most 31"),
    ],
)
def test_a_window_that_cannot_be_is_refused(window: dict[str, object], said: str) -> None:
    with pytest.raises(BadWindow, match=said):
        ask(MemoryRecords(), **window)


def test_an_instant_in_the_future_is_refused() -> None:
    with pytest.raises(BadWindow, match="future"):
        ask(MemoryRecords(), "people-in-section", section="food-court", at=(NOW + timedelta(seconds=1)).isoformat())


@pytest.mark.parametrize(
    ("inputs", "parameter", "said"),
    [
        ({"form": "x"}, "form", "did you mean 'from'"),
        ({"from": "yesterday"}, "from", "is not a time"),
        ({"from": ["2026-11-24T12:00Z", "2026-11-24T12:00Z"]}, "from", "once; got 2"),
        ({"from": {"a": 1}}, "from", "must be a text"),
        ({"from": True}, "from", "must be a text"),
        ({"attribute": "shirt:mauve"}, "attribute", "mauve"),
        ({"attribute": "age:old"}, "attribute", "age"),
        ({"attribute": ["shirt:blue"] * 50}, "attribute", "50 times"),
        ({"section": "x\x00"}, "section", "cannot be printed"),
        ({"section": "\ud800"}, "section", "cannot be printed"),
        ({"section": "x" * 999}, "section", "too long"),
        ({"from": ASKED["to"], "to": ASKED["from"]}, "to", "end after it starts"),
        ({"to": ASKED["from"]}, "to", "end after it starts"),
        ({"from": None}, "from", "required"),
        ({"from": []}, "from", "required"),
    ],
)
def test_a_bad_parameter_is_named_and_explained(inputs: dict[str, object], parameter: str, said: str) -> None:
    with pytest.raises(BadParameter, match=said) as refused:
        ask(MemoryRecords(), **inputs)
    assert refused.value.parameter == parameter


@pytest.mark.parametrize("floor", ["7", "1.5", "ground", "99999999999999999999", "-1"])
def test_a_floor_that_is_not_there_is_refused(floor: str) -> None:
    with pytest.raises(BadParameter) as refused:
        ask(MemoryRecords(), "paths", floor=floor)
    assert refused.value.parameter == "floor"


def test_a_section_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UnknownSection, match="food-court"):
        ask(MemoryRecords(), section="'; drop table person; --")


def test_an_unknown_question_suggests_the_nearest() -> None:
    with pytest.raises(UnknownQuestion, match="did you mean 'average-distance'"):
        ask(MemoryRecords(), "averagedistance")


def test_a_caller_without_the_permission_is_told_which_one_is_needed() -> None:
    permission = desk_over(MemoryRecords()).questions["paths"].permission
    with pytest.raises(NotAllowed, match=f"lacks the permission '{permission}'; it has: cleaning"):
        ask(MemoryRecords(), "paths", caller=caller_of("cleaning"))


@pytest.mark.parametrize("key", [None, "", "wrong", "nul\x00", "\ud800"])
def test_a_missing_or_wrong_key_is_nobody(key: str | None) -> None:
    desk = desk_over(MemoryRecords())
    assert desk.identify(KEY).name == "tester"
    with pytest.raises(UnknownKey):
        desk.identify(key)


@pytest.mark.parametrize(
    ("question", "inputs", "outcome"),
    [
        ("average-distance", {}, "answered"),
        ("average-distance", {"form": "\x00" * 500}, "bad-parameter"),
        ("average-distance", {"to": "2999-01-01T00:00Z"}, "bad-window"),
        ("average-distance", {"section": "cellar"}, "unknown-section"),
        ("sales\x00", {}, "unknown-question"),
    ],
)
def test_every_read_leaves_one_audit_row_however_it_ends(
    question: str, inputs: dict[str, object], outcome: str
) -> None:
    records = MemoryRecords(rows=[(20, 1.0, 1.0)])
    try:
        ask(records, question, **inputs)
    except MallError:
        assert outcome != "answered"
    (read,) = records.reads
    assert (read.who, read.action, read.outcome, read.request_id) == ("tester", "ask", outcome, "r1")
    kept = [read.question or "", *read.inputs, *map(str, read.inputs.values())]
    assert all(text.isprintable() and len(text) <= 200 for text in kept)


def test_refusals_for_lack_of_permission_or_extraction_are_audited_too() -> None:
    records = MemoryRecords(coverage=[covering("cam1", [HOUR], [])])
    with pytest.raises(NotExtracted):
        ask(records)
    with pytest.raises(NotAllowed):
        ask(records, caller=caller_of())
    assert [read.outcome for read in records.reads] == ["not-extracted", "not-allowed"]


def test_a_breakdown_is_audited_as_failed_and_an_absent_store_not_at_all() -> None:
    broken = MemoryRecords(failure=RuntimeError("loose wire"))
    with pytest.raises(RuntimeError):
        ask(broken)
    assert [read.outcome for read in broken.reads] == ["failed"]
    away = MemoryRecords(failure=StoreUnavailable("gone"))
    with pytest.raises(StoreUnavailable):
        ask(away)
    assert away.reads == []


def test_a_small_group_is_blanked_with_the_reason_and_a_nobody_is_shown() -> None:
    answered = ask(MemoryRecords(rows=[(4, 31.5, 30.0)], unknown=2))
    assert answered.rows == [(None, None, None)]
    assert answered.passport.suppressed[0].reason == "fewer than 5 people"
    assert answered.passport.unknown is None
    assert ask(MemoryRecords(rows=[(0, None, None)], unknown=0)).rows == [(0, None, None)]


def test_coverage_shows_every_camera_and_leaves_an_audit_row() -> None:
    records = MemoryRecords(coverage=[covering("cam1", [HOUR], [minutes(0, 30)])])
    known = desk_over(records).coverage(ASKED, everything())
    assert known.missing == {"cam1": [minutes(30, 60)]}
    assert [camera.camera for camera in known.cameras] == ["cam1", "cam2"]
    assert [read.action for read in records.reads] == ["coverage"]
    assert desk_over(records).coverage({}, everything()).window.end == NOW
