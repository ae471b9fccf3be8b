"""The job desk over records and orders in memory."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from models.world.errors import (
    BadWindow,
    Busy,
    Dismissed,
    ExtractionFailed,
    MallError,
    NotAllowed,
    NotExtracted,
    OverBudget,
    ResultNotReady,
    UnknownJob,
)
from serve.logic.desk import Answered
from serve.logic.jobs import OPERATE, JobDesk
from serve.logic.standing import Standing
from sql.keys import Caller
from sql.requests import Ends
from tests.serve.mall import ASKED, HOUR, NOW, MemoryRecords, caller_of, covering, everything, jobs_over, minutes
from tests.serve.orders import ORDERED_AT, MemoryOrders

OTHER = Caller("other", everything().permissions)
OPERATOR = Caller("operator", everything().permissions | {OPERATE})


def half_known() -> MemoryRecords:
    """cam2's second half hour is recorded but not extracted."""
    return MemoryRecords(rows=[(20, 31.5, 30.0)], coverage=[covering("cam2", [HOUR], [minutes(0, 30)])])


def know_all(records: MemoryRecords) -> None:
    records.coverage = [covering("cam2", [HOUR], [HOUR])]


def order(desk: JobDesk, caller: Caller | None = None, question: str = "average-distance") -> Standing:
    found = desk.ask(question, ASKED, caller or everything(), request_id="r1")
    assert isinstance(found, Standing)
    return found


def test_what_is_known_is_answered_without_a_job() -> None:
    orders = MemoryOrders()
    found = jobs_over(MemoryRecords(rows=[(20, 31.5, 30.0)]), orders).ask("average-distance", ASKED, everything())
    assert isinstance(found, Answered)
    assert orders.requests == {}


def test_what_is_not_known_becomes_a_job_for_exactly_what_is_missing() -> None:
    orders = MemoryOrders()
    standing = order(jobs_over(half_known(), orders))
    (request,) = orders.requests.values()
    assert request.window == minutes(30, 60)
    assert request.camera_s == 1800
    assert (standing.state, standing.percent, standing.job.inputs) == ("accepted", 0, ASKED)


def test_equal_wishes_are_one_extraction_and_each_has_a_job_of_its_own() -> None:
    orders = MemoryOrders()
    desk = jobs_over(half_known(), orders)
    jobs = {order(desk).job.job_id for _ in range(5)} | {order(desk, question="people").job.job_id}
    assert len(jobs) == 6
    assert len(orders.requests) == 1


def test_a_bad_question_is_refused_before_anything_is_ordered() -> None:
    orders = MemoryOrders()
    ends = {**ASKED, "to": (NOW + timedelta(minutes=30)).isoformat()}
    with pytest.raises(BadWindow, match="future"):
        jobs_over(half_known(), orders).ask("average-distance", ends, everything())
    assert orders.requests == {}


def test_too_much_video_is_refused_with_the_figures() -> None:
    orders = MemoryOrders()
    with pytest.raises(OverBudget, match=r"0\.50 camera-hours.*0\.4 at most") as refused:
        order(jobs_over(half_known(), orders, budget_camera_hours=0.4))
    assert (refused.value.camera_hours, refused.value.budget_camera_hours) == (0.5, 0.4)
    assert orders.requests == {}
    order(jobs_over(half_known(), orders, budget_camera_hours=0.5))


def test_a_full_queue_sends_away_until_later() -> None:
    records, orders = half_known(), MemoryOrders()
    desk = jobs_over(records, orders, max_queued=1)
    order(desk)
    records.coverage = [covering("cam1", [HOUR], [])]
    with pytest.raises(Busy) as refused:
        order(desk)
    assert refused.value.retry_after_s == 30
    orders.run(0.1)
    order(desk)


def test_a_full_queue_takes_who_only_joins_what_waits_already() -> None:
    orders = MemoryOrders()
    desk = jobs_over(half_known(), orders, max_queued=1)
    first, second = order(desk), order(desk)
    assert first.job.job_id != second.job.job_id
    assert len(orders.requests) == 1


def test_ordering_needs_a_permission_of_its_own() -> None:
    orders = MemoryOrders()
    with pytest.raises(NotAllowed, match="'extract'"):
        order(jobs_over(half_known(), orders), caller_of("aggregates", "individuals"))
    assert orders.requests == {}


def test_an_order_is_audited_with_its_job_and_a_refused_one_with_the_reason() -> None:
    records = half_known()
    standing = order(jobs_over(records))
    asked, ordered = records.reads
    assert (asked.action, asked.outcome) == ("ask", "not-extracted")
    assert (ordered.action, ordered.outcome, ordered.request_id) == ("order", "ordered", "r1")
    assert ordered.inputs == {**ASKED, "job": str(standing.job.job_id)}
    with pytest.raises(OverBudget):
        order(jobs_over(records, budget_camera_hours=0.1))
    assert (records.reads[-1].action, records.reads[-1].outcome) == ("order", "over-budget")


def test_a_job_of_somebody_else_is_like_none() -> None:
    orders = MemoryOrders()
    desk = jobs_over(half_known(), orders)
    job_id = str(order(desk).job.job_id)
    refusals = []
    for asked, caller in ((job_id, OTHER), (str(uuid.uuid4()), everything()), ("7; drop table job", everything())):
        for act in (desk.standing, desk.results, desk.dismiss):
            with pytest.raises(UnknownJob) as refused:
                act(asked, caller)
            refusals.append(str(refused.value).replace(asked, "ID"))
    assert len(set(refusals)) == 1
    assert desk.standings(OTHER, 10) == []
    assert desk.standing(job_id, everything()).state == "accepted"


def test_who_operates_the_mall_sees_and_dismisses_the_jobs_of_all() -> None:
    desk = jobs_over(half_known())
    job_id = str(order(desk).job.job_id)
    assert [str(one.job.job_id) for one in desk.standings(OPERATOR, 10)] == [job_id]
    assert desk.dismiss(job_id, OPERATOR).state == "dismissed"


def test_jobs_are_listed_newest_first_up_to_a_limit() -> None:
    desk = jobs_over(half_known())
    made = [order(desk).job.job_id for _ in range(3)]
    assert [one.job.job_id for one in desk.standings(everything(), 2)] == [made[2], made[1]]


def test_the_answer_is_there_when_the_job_was_successful_and_not_before() -> None:
    records, orders = half_known(), MemoryOrders()
    desk = jobs_over(records, orders)
    job_id = str(order(desk).job.job_id)
    with pytest.raises(ResultNotReady, match="accepted, 0 % done"):
        desk.results(job_id, everything())
    orders.run(0.5)
    with pytest.raises(ResultNotReady, match="running, 50 % done"):
        desk.results(job_id, everything())
    know_all(records)
    orders.succeed()
    assert desk.results(job_id, everything()).rows == [(20, 31.5, 30.0)]


def test_more_video_that_came_meanwhile_is_not_passed_over() -> None:
    orders = MemoryOrders()
    desk = jobs_over(half_known(), orders)
    job_id = str(order(desk).job.job_id)
    orders.succeed()
    with pytest.raises(NotExtracted):
        desk.results(job_id, everything())


def test_a_failed_and_a_dismissed_job_say_so_instead_of_an_answer() -> None:
    orders = MemoryOrders()
    desk = jobs_over(half_known(), orders)
    failed = str(order(desk).job.job_id)
    orders.fail("the cluster has 0 CPUs for 2 stages")
    with pytest.raises(ExtractionFailed, match="0 CPUs"):
        desk.results(failed, everything())
    given_up = str(order(desk).job.job_id)
    desk.dismiss(given_up, everything())
    with pytest.raises(Dismissed):
        desk.results(given_up, everything())


def test_dismissing_ends_the_extraction_with_the_last_who_waits() -> None:
    orders = MemoryOrders()
    desk = jobs_over(half_known(), orders)
    mine, theirs = str(order(desk).job.job_id), str(order(desk, OTHER).job.job_id)
    assert desk.dismiss(mine, everything()).state == "dismissed"
    assert [one.state for one in orders.requests.values()] == ["accepted"]
    desk.dismiss(theirs, OTHER)
    assert [one.state for one in orders.requests.values()] == ["dismissed"]
    assert order(desk).state == "accepted"
    assert len(orders.requests) == 2


def test_what_has_ended_is_not_dismissed_any_more() -> None:
    orders = MemoryOrders()
    desk = jobs_over(half_known(), orders)
    job_id = str(order(desk).job.job_id)
    orders.succeed()
    assert desk.dismiss(job_id, everything()).state == "successful"
    assert desk.standing(job_id, everything()).state == "successful"


def test_giving_up_is_audited_also_where_there_is_nothing_to_give_up() -> None:
    records = half_known()
    desk = jobs_over(records)
    job_id = str(order(desk).job.job_id)
    desk.dismiss(job_id, everything(), request_id="r2")
    with pytest.raises(MallError):
        desk.dismiss("\x00" * 500, everything())
    assert [(one.action, one.outcome) for one in records.reads[2:]] == [
        ("dismiss", "answered"),
        ("dismiss", "no-such-job"),
    ]
    assert records.reads[2].inputs == {"job": job_id}


def standing_at(share: float, after_s: float, rate: float | None, before_s: float = 0.0) -> Standing:
    """A job of 1800 s of video, so much of it done so many seconds after its start."""
    orders = MemoryOrders(rate=rate)
    job_id = order(jobs_over(half_known(), orders)).job.job_id
    orders.run(share, after_s)
    standing = orders.standing(job_id)
    assert standing is not None
    return replace(standing, progress=replace(standing.progress, camera_s_before=before_s))


def left_s(standing: Standing) -> float:
    assert standing.left is not None
    return standing.left.total_seconds()


def test_the_time_left_is_what_is_left_at_the_pace_so_far() -> None:
    assert left_s(standing_at(0.2, 60, rate=None)) == pytest.approx(240)
    assert left_s(standing_at(0.5, 60, rate=None)) == pytest.approx(60)


def test_what_was_done_before_the_start_says_nothing_about_the_pace() -> None:
    # 900 of 1800 s are done, 720 of them before: 180 s took a minute, so the other 900 take five.
    assert left_s(standing_at(0.5, 60, rate=None, before_s=720)) == pytest.approx(300)


def test_the_pace_of_many_recordings_is_told_without_what_came_before_the_first_of_them() -> None:
    # A fifth is done after 60 s: the first minute of video after 50 s, five more in the 10 s since; 24 minutes are left.
    standing = standing_at(0.2, 60, rate=None)
    first, last = (ORDERED_AT + timedelta(seconds=at) for at in (50, 60))
    few, many = (
        left_s(replace(standing, progress=replace(standing.progress, ends=Ends(first, last, segments, 300))))
        for segments in (5, 500)
    )
    assert many == pytest.approx(1440 * 10 / 300, rel=0.03)
    assert many < few < 1440 * 60 / 360


def test_one_recording_that_ended_says_nothing_but_what_is_done() -> None:
    standing = standing_at(0.2, 60, rate=None)
    at = ORDERED_AT + timedelta(seconds=60)
    assert left_s(replace(standing, progress=replace(standing.progress, ends=Ends(at, at, 0, 0.0)))) == 240


def test_starting_up_says_nothing_about_the_pace() -> None:
    # A fifth is done after 60 s, of which the first 40 went into starting up: 20 s a fifth.
    standing = standing_at(0.2, 60, rate=None)
    begun = replace(standing.progress, begun_at=ORDERED_AT + timedelta(seconds=40))
    assert left_s(replace(standing, progress=begun)) == pytest.approx(80)


def test_the_time_left_holds_loading_as_long_as_it_lately_took() -> None:
    # A second of video lately took 0.1 s to load, so 1800 take three minutes, which begin when all is extracted.
    half, whole = (replace(standing_at(share, 60, rate=None), loading=0.1) for share in (0.5, 1.0))
    assert left_s(half) == pytest.approx(60 + 180)
    extracted = replace(whole.progress, extracted_at=ORDERED_AT + timedelta(seconds=20))
    assert left_s(replace(whole, progress=extracted)) == pytest.approx(180 - 40)
    late = ORDERED_AT + timedelta(hours=1)
    assert left_s(replace(whole, progress=extracted, at=late)) == 0


def test_before_it_begins_the_time_left_is_told_by_earlier_extractions_or_not_at_all() -> None:
    waiting = order(jobs_over(half_known(), MemoryOrders(rate=15.0)))
    assert left_s(waiting) == pytest.approx(120)
    assert order(jobs_over(half_known())).left is None
    assert left_s(standing_at(0.0, 5, rate=15.0)) == pytest.approx(120)


def test_earlier_extractions_steady_the_first_moments_and_weigh_little_later() -> None:
    """One second for the first 0.1 % would mean 1000 s; earlier ones say 120 s in all."""
    hasty = left_s(standing_at(0.001, 1, rate=15.0))
    assert 120 < hasty < 180
    late = left_s(standing_at(0.5, 300, rate=15.0))
    assert late == pytest.approx(300, rel=0.05)


def test_what_has_ended_has_no_time_left() -> None:
    orders = MemoryOrders(rate=15.0)
    job_id = order(jobs_over(half_known(), orders)).job.job_id
    orders.succeed()
    standing = orders.standing(job_id)
    assert standing is not None
    assert (standing.left, standing.percent, standing.finished_at) == (None, 100, ORDERED_AT)


def test_extracted_is_not_yet_done() -> None:
    standing = standing_at(1.0, 60, rate=None)
    assert (standing.percent, standing.message) == (99, "all video is extracted; the hours are being loaded")


def test_who_waits_is_told_when_nothing_works_and_why_it_has_to_be_tried_again() -> None:
    orders = MemoryOrders(alive=0)
    desk = jobs_over(half_known(), orders)
    job_id = order(desk).job.job_id
    assert "nothing that extracts is alive" in desk.standing(str(job_id), everything()).message
    orders.alive = 1
    orders.change(reason="the object store does not answer")
    assert "last time: the object store" in desk.standing(str(job_id), everything()).message
