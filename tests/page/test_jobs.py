"""A question that is not known yet, in a real browser: the job, live, and the answer that comes by itself."""

import re

from playwright.sync_api import expect

from tests.page.conftest import Service
from tests.page.driver import Reader


def order(reader: Reader, service: Service, from_: str, to: str) -> None:
    """Ask for people in a window that is recorded but not extracted."""
    reader.enter(service.key)
    reader.choose("People")
    reader.fill(from_=from_, to=to)
    reader.ask()


def test_a_job_is_followed_live_until_the_answer_comes_by_itself(reader: Reader, service: Service) -> None:
    order(reader, service, "2026-11-20T10:00", "2026-11-20T11:00")
    expect(reader.job).to_contain_text("Waiting for its turn")
    expect(reader.job).to_contain_text("of 8 camera-hours")
    service.extractor.lives()
    service.extractor.take()
    expect(reader.job).to_contain_text("Watching the video")
    service.extractor.extract(0.5)
    expect(reader.job).to_contain_text("4.5 camera-hours of 8 camera-hours")
    expect(reader.job.get_by_role("progressbar")).to_have_js_property("value", 56)
    expect(reader.job).to_contain_text("4 of 8 recordings are extracted")
    expect(reader.job).to_contain_text(re.compile(r"about \d+ (s|min|h)"))
    service.extractor.extract(1.0)
    expect(reader.job).to_contain_text("almost done")
    service.extractor.load()
    expect(reader.answer).to_contain_text("20 Nov 2026, 10:00 – 11:00")
    assert reader.figure("people") == "0"
    expect(reader.page.get_by_role("gridcell", name="cam1, 10:00 to 11:00: 1 h extracted")).to_be_visible()
    assert reader.troubles == []


def test_a_page_that_is_opened_again_goes_on_with_its_job(reader: Reader, service: Service) -> None:
    order(reader, service, "2026-11-20T11:00", "2026-11-20T12:00")
    expect(reader.job).to_contain_text("Waiting for its turn")
    assert "job=" in reader.page.url
    reader.page.reload()
    expect(reader.job).to_contain_text("Waiting for its turn")
    service.extractor.take()
    service.extractor.load()
    expect(reader.answer).to_contain_text("20 Nov 2026, 11:00 – 12:00")
    assert "job=" not in reader.page.url


def test_cancelling_really_ends_the_work_and_it_can_be_asked_for_again(reader: Reader, service: Service) -> None:
    order(reader, service, "2026-11-19T15:00", "2026-11-19T16:00")
    expect(reader.job).to_contain_text("Waiting for its turn")
    service.extractor.take()
    expect(reader.job).to_contain_text("Watching the video")
    reader.job.get_by_role("button", name="Cancel").click()
    expect(reader.job).to_contain_text("Cancelled")
    assert not service.extractor.is_wanted()
    reader.job.get_by_role("button", name="Ask again").click()
    expect(reader.job).to_contain_text("Waiting for its turn")
    reader.job.get_by_role("button", name="Cancel").click()
    expect(reader.job).to_contain_text("Cancelled")


def test_a_job_that_fails_says_why(reader: Reader, service: Service) -> None:
    order(reader, service, "2026-11-19T16:00", "2026-11-19T17:00")
    expect(reader.job).to_contain_text("Waiting for its turn")
    service.extractor.take()
    service.extractor.fail("too few processors for one extraction")
    expect(reader.job).to_contain_text("It could not be found out")
    expect(reader.job).to_contain_text("too few processors for one extraction")
    expect(reader.page.get_by_role("button", name="Ask", exact=True)).to_be_enabled()


def test_the_network_may_be_away_for_a_while(reader: Reader, service: Service) -> None:
    order(reader, service, "2026-11-19T17:00", "2026-11-19T18:00")
    expect(reader.job).to_contain_text("Waiting for its turn")
    reader.page.context.set_offline(True)
    service.extractor.take()
    service.extractor.load()
    reader.page.context.set_offline(False)
    expect(reader.answer).to_contain_text("19 Nov 2026, 17:00 – 18:00", timeout=30_000)


def test_too_much_is_refused_beside_the_time_with_the_figure(reader: Reader, service: Service) -> None:
    order(reader, service, "2026-11-19T18:00", "2026-11-19T21:00")
    expect(reader.complaint("to")).to_contain_text("24.00 camera-hours would have to be extracted")
    expect(reader.complaint("to")).to_contain_text("20 at most")
