"""The page in a real browser over the real application and store: what a person sees and can do."""

import json
import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.page.conftest import Service
from tests.page.driver import Reader
from tests.page.mall import PEOPLE

ANSWERED = {"from_": "2026-11-20T17:00", "to": "2026-11-20T18:00"}


def test_the_key_is_asked_for_once_and_kept_for_the_tab(reader: Reader, service: Service) -> None:
    reader.enter(service.key)
    reader.page.reload()
    reader.wait_for_plan()
    assert service.key not in reader.page.url
    reader.page.get_by_role("button", name="Leave").click()
    expect(reader.page.get_by_label("Your API key")).to_be_visible()
    assert reader.page.evaluate("sessionStorage.length") == 0
    assert reader.troubles == []


def test_a_wrong_key_is_told_beside_its_field(reader: Reader) -> None:
    reader.open()
    reader.page.get_by_label("Your API key").fill("mall_guessed")
    reader.page.get_by_role("button", name="Enter").click()
    expect(reader.page.locator("#gate-complaint")).to_contain_text("this API key is not known")
    assert reader.page.evaluate("sessionStorage.length") == 0


def test_a_key_in_the_address_is_taken_from_it(reader: Reader, service: Service) -> None:
    reader.open(f"#key={service.key}")
    reader.wait_for_plan()
    assert reader.page.url == f"{reader.url}/"
    assert reader.page.evaluate("history.length") <= 2


def test_paths_are_drawn_and_told_with_their_passport(reader: Reader, service: Service) -> None:
    reader.enter(service.key)
    reader.choose("Paths of people")
    reader.fill(**ANSWERED)
    reader.wears("Shirt", "blue")
    reader.ask()
    people = int(reader.figure("people"))
    assert people == reader.lines() > 1
    assert 0 < reader.dotted() <= people
    expect(reader.answer).to_contain_text("20 Nov 2026, 17:00 – 18:00")
    expect(reader.answer).to_contain_text("Complete where there is video · 1 gap")
    passport = reader.answer.locator(".passport")
    expect(passport).to_contain_text("No video was recorded: 1 camera, 40 min in all")
    expect(passport).to_contain_text("7.3 camera-hours")
    expect(passport).to_contain_text("mall-people-1")
    expect(passport).to_contain_text("could not be told apart")
    assert reader.answer.locator("tbody tr").count() == 10
    reader.answer.get_by_role("button", name=re.compile("Show more")).click()
    assert reader.answer.locator("tbody tr").count() == 110
    assert reader.troubles == []


def test_paths_can_be_played(reader: Reader, service: Service) -> None:
    reader.enter(service.key)
    reader.choose("Paths of people")
    reader.fill(**ANSWERED)
    reader.ask()
    expect(reader.answer).to_be_visible()
    whole = reader.dots()
    moment = reader.page.get_by_role("slider", name="Moment")
    moment.fill("500")
    expect(moment).to_have_attribute("aria-valuetext", re.compile(r"^17:\d\d:\d\d$"))
    assert reader.dots(high=PEOPLE) < whole
    reader.page.get_by_role("button", name="Play").click()
    expect(moment).not_to_have_value("500")
    reader.page.get_by_role("button", name="Pause").click()
    moment.fill("1000")
    assert reader.dots(low=whole) == whole
    assert reader.troubles == []


def test_the_answer_can_be_saved_as_a_file(reader: Reader, service: Service, tmp_path: Path) -> None:
    reader.enter(service.key)
    reader.choose("Paths of people")
    reader.fill(**ANSWERED)
    reader.ask()
    people = int(reader.figure("people"))
    with reader.page.expect_download() as coming:
        reader.answer.get_by_role("button", name="Download GeoJSON").click()
    coming.value.save_as(tmp_path / "paths")
    assert coming.value.suggested_filename == "paths_2026-11-20.geojson"
    features = json.loads((tmp_path / "paths").read_text())["features"]
    assert len({one["properties"]["person"] for one in features}) == people


NEEDED = {
    "section": "Food court",
    "floor": "Ground floor",
    "x_m": "5",
    "y_m": "5",
    "radius_m": "1.5",
    "person": str(uuid.UUID(int=7)),
    "purpose": "a lost bag",
}
"""What a question may require, beside its times."""


def test_an_answer_that_is_too_long_for_the_page_says_so_and_its_files_have_it_all(
    reader: Reader, service: Service, tmp_path: Path
) -> None:
    def shortened(route: Route) -> None:
        asked = json.loads(route.request.post_data or "")
        asked["inputs"]["limit"] = 5
        route.continue_(post_data=json.dumps(asked))

    reader.enter(service.key)
    reader.page.route("**/execution", shortened)
    reader.choose("Paths of people")
    reader.fill(**ANSWERED)
    reader.ask()
    expect(reader.answer.get_by_text("Only the first 5 rows are shown.")).to_be_visible()
    with reader.page.expect_download() as coming:
        reader.answer.get_by_role("button", name="Download CSV").click()
    coming.value.save_as(tmp_path / "paths.csv")
    assert len((tmp_path / "paths.csv").read_text().splitlines()) > 100
    assert reader.troubles == []


def test_every_question_of_the_catalogue_can_be_asked(reader: Reader, service: Service) -> None:
    reader.enter(service.key)
    for question in reader.page.locator(".question").all_inner_texts():
        reader.choose(question)
        for name, value in NEEDED.items():
            if reader.page.locator(f"#field-{name}[required]").count():
                reader.fill(**{name: value})
        reader.ask()
        expect(reader.answer.locator("h2")).to_have_text(question)
    assert reader.troubles == []


def test_the_question_that_is_chosen_is_asked_however_late_its_fields_come(reader: Reader, service: Service) -> None:
    reader.enter(service.key)
    reader.choose("Paths of people")
    reader.fill(**ANSWERED)
    held: list[Route] = []
    reader.page.route("**/processes/average-distance", lambda route: held.append(route))
    with reader.page.expect_request("**/processes/average-distance"):
        reader.page.get_by_text("Average distance", exact=True).click()
    reader.ask()
    held[0].continue_()
    expect(reader.answer.locator("h2")).to_have_text("Average distance")


def test_an_average_is_a_big_figure_with_its_unit(reader: Reader, service: Service) -> None:
    reader.enter(service.key)
    reader.choose("Average distance")
    reader.fill(**ANSWERED)
    reader.ask()
    assert reader.figure("people") == "34"
    assert re.fullmatch(r"[\d.]+ m", reader.figure("average distance"))
    assert reader.answer.locator("table").count() == 0


def test_times_are_those_of_the_mall_wherever_the_reader_is(reader: Reader, service: Service) -> None:
    """The browser of these tests lives in New York, the mall in Berlin."""
    reader.enter(service.key)
    reader.choose("People")
    reader.fill(from_="2026-11-20T17:10", to="2026-11-20T17:20")
    reader.ask()
    expect(reader.answer).to_contain_text("17:10 – 17:20")
    inputs = reader.page.evaluate("new URLSearchParams(location.hash.slice(1)).get('from')")
    assert inputs.startswith("2026-11-20T17:10")


@pytest.mark.parametrize(
    ("filled", "field", "words"),
    [
        ({"from_": "", "to": "2026-11-20T18:00"}, "from", "needed"),
        ({"from_": "2026-11-20T18:00", "to": "2026-11-20T17:00"}, "to", "must end after it starts"),
        ({"from_": "2026-11-20T17:00", "to": "2026-12-20T17:00"}, "to", "lies in the future"),
        (
            {"from_": "2026-11-01T17:00", "to": "2026-11-01T18:00"},
            "to",
            "No camera has video between 1 Nov 2026, 17:00 and",
        ),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    reader: Reader, service: Service, filled: dict[str, str], field: str, words: str
) -> None:
    reader.enter(service.key)
    reader.choose("Paths of people")
    reader.fill(**filled)
    reader.ask()
    expect(reader.complaint(field)).to_contain_text(words)
    expect(reader.page.locator(f"#field-{field}")).to_be_focused()
    expect(reader.page.locator(f"#field-{field}")).to_have_attribute("aria-invalid", "true")


def test_a_key_without_the_permission_learns_why(reader: Reader, service: Service) -> None:
    reader.enter(service.counting_key)
    reader.choose("Paths of people")
    reader.ask()
    expect(reader.page.locator(".trouble")).to_contain_text("lacks the permission 'individuals'")


def test_a_click_on_an_hour_fills_it_in_as_far_as_it_was_recorded(reader: Reader, service: Service) -> None:
    reader.enter(service.key)
    reader.choose("Paths of people")
    strip = reader.page.get_by_role("grid")
    strip.get_by_role("gridcell", name=re.compile("^cam1, 12:00 to 13:00: 1 h extracted")).click()
    expect(reader.page.locator("#field-from")).to_have_value(re.compile("^2026-11-20T12:00"))
    expect(reader.page.locator("#field-to")).to_have_value(re.compile("^2026-11-20T13:00"))
    strip.get_by_role("gridcell", name=re.compile("^cam3, 14:00")).click(modifiers=["Shift"])
    expect(reader.page.locator("#field-to")).to_have_value(re.compile("^2026-11-20T15:00"))
    dark = strip.get_by_role("gridcell", name=re.compile("^cam7, 17:00"))
    expect(dark).to_have_accessible_name("cam7, 17:00 to 18:00: 20 min extracted, no video was recorded")


def test_the_hours_can_be_reached_by_keyboard(reader: Reader, service: Service) -> None:
    reader.enter(service.key)
    reader.page.get_by_role("gridcell").first.focus()
    for press in ("ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        reader.page.keyboard.press(press)
    expect(reader.page.get_by_role("gridcell", name=re.compile("^cam2, 12:00"))).to_be_focused()
    expect(reader.page.locator("#field-from")).to_have_value(re.compile("^2026-11-20T12:00"))


def test_an_answer_can_be_kept_as_a_link_that_never_orders_an_extraction(reader: Reader, service: Service) -> None:
    reader.enter(service.key)
    missing = "question=paths&from=2026-11-20T18:00&to=2026-11-20T19:00&attribute=shirt:blue"
    reader.open(f"?again#{missing}")
    expect(reader.page.locator("#answer")).to_contain_text("7 camera-hours of it were filmed but not looked at yet")
    expect(reader.page.get_by_role("group", name="Shirt").get_by_role("radio", name="blue")).to_be_checked()
    expect(reader.page.get_by_role("button", name="Find out, then answer")).to_be_visible()


def test_the_floors_can_be_changed(reader: Reader, service: Service) -> None:
    reader.enter(service.key)
    floors = reader.page.get_by_role("radiogroup", name="Floor")
    floors.get_by_role("radio", name="First floor").click()
    expect(reader.page.locator("#plan")).to_contain_text("Cinema")
    reader.page.keyboard.press("ArrowLeft")
    expect(floors.get_by_role("radio", name="Ground floor")).to_be_focused()
    expect(reader.page.locator("#plan")).to_contain_text("Books & toys")


def test_a_click_on_a_section_chooses_it(reader: Reader, service: Service) -> None:
    reader.enter(service.key)
    reader.choose("Paths of people")
    reader.click_plan(36.0, 27.0)
    expect(reader.page.locator("#field-section")).to_have_value("food-court")
    reader.choose("People in a section")
    expect(reader.page.locator("#field-section")).to_have_value("food-court")


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_is_wider_than_the_screen(browser: Browser, service: Service, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    reader = Reader(page, service.url)
    reader.open(f"#key={service.key}")
    reader.wait_for_plan()
    reader.ask()
    assert reader.answer
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
