"""A browser in front of the page, and what a person does there, as words.

The same words drive any running service: `with chromium() as browser: Reader(browser.new_page(), url).enter(key)`.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 30_000


def chromium_path() -> str | None:
    """The installed browser, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The installed Chromium without a window; no browser is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Reader:
    """Somebody at the page. `troubles` collects what the browser complained about: errors, refused scripts and styles."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.troubles: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._hear)

    def open(self, fragment: str = "") -> None:
        self.page.goto(f"{self.url}/{fragment}")

    def enter(self, key: str) -> None:
        """Open the page, give the key, and wait until the plan is drawn."""
        self.open()
        self.page.get_by_label("Your API key").fill(key)
        self.page.get_by_role("button", name="Enter").click()
        self.wait_for_plan()

    def wait_for_plan(self) -> None:
        expect(self.page.locator("#plan .plot-container")).to_be_visible(timeout=PATIENCE_MS)
        expect(self.field("From").or_(self.field("At"))).to_be_visible(timeout=PATIENCE_MS)

    def choose(self, question: str) -> None:
        """Turn to the question with this title."""
        self.page.locator(".question", has=self.page.get_by_text(question, exact=True)).click()
        radio = self.page.get_by_role("radio", name=question, exact=True)
        expect(radio).to_be_checked()
        expect(self.page.locator(".fields")).to_have_attribute("data-question", str(radio.get_attribute("value")))

    def field(self, label: str) -> Locator:
        return (
            self.page.locator(".field")
            .filter(has=self.page.locator("label", has_text=label))
            .locator("input, select")
            .first
        )

    def fill(self, **values: str) -> None:
        """Fill fields in by the name of the parameter; `from_` is written for `from`."""
        for name, value in values.items():
            control = self.page.locator(f"#field-{name.rstrip('_')}")
            if control.evaluate("node => node.tagName") == "SELECT":
                control.select_option(label=value)
            else:
                control.fill(value)

    def wears(self, key: str, value: str) -> None:
        """Choose an attribute."""
        self.page.get_by_role("group", name=key).get_by_role("radio", name=value, exact=True).check()

    def ask(self) -> None:
        self.page.get_by_role("button", name="Ask", exact=True).click()

    @property
    def answer(self) -> Locator:
        """The answer, once it is here."""
        shown = self.page.locator("#answer")
        expect(shown.locator(".figures")).to_be_visible(timeout=PATIENCE_MS)
        return shown

    @property
    def job(self) -> Locator:
        """The panel of a job, once it is here."""
        panel = self.page.locator("#answer .job")
        expect(panel).to_be_visible(timeout=PATIENCE_MS)
        return panel

    def figure(self, name: str) -> str:
        """A big figure of the answer by its name."""
        big = self.answer.locator(".big").filter(has=self.page.locator(".name", has_text=name))
        return big.locator(".value").inner_text()

    def lines(self) -> int:
        """How many ways are drawn on the plan."""
        drawn = "node => node.data.filter(one => one.mode === 'lines' && one.customdata).length"
        return int(self.page.locator("#plan").evaluate(drawn))

    def dotted(self) -> int:
        """How many ways are dotted somewhere, because nobody saw the person."""
        drawn = "node => node.data.filter(one => one.line?.dash).length"
        return int(self.page.locator("#plan").evaluate(drawn))

    def dots(self, low: int = 1, high: int = 1_000_000) -> int:
        """How many marks are drawn over the ways, once they are from low to high.

        They are people at a moment, or where the ways begin and end.
        """
        drawn = """([low, high]) => {
            const marks = document.getElementById("plan").data.filter(one => one.mode === "markers");
            const many = marks.flatMap(one => one.x).length;
            return low <= many && many <= high ? many : 0;
        }"""
        return int(self.page.wait_for_function(drawn, arg=[low, high]).json_value())

    def click_plan(self, x_m: float, y_m: float) -> None:
        """Click on the plan at this position of the floor that is shown."""
        place = """(node, [x, y]) => {
            const box = node.getBoundingClientRect(), { xaxis, yaxis } = node._fullLayout;
            return [box.x + xaxis._offset + xaxis.d2p(x), box.y + yaxis._offset + yaxis.d2p(y)];
        }"""
        x, y = self.page.locator("#plan").evaluate(place, [x_m, y_m])
        self.page.mouse.move(x - 5, y)  # plotly looks for what is hovered before it hears a click
        self.page.mouse.move(x, y)
        expect(self.page.locator("#plan .hoverlayer")).not_to_be_empty()
        self.page.mouse.click(x, y)

    def complaint(self, field: str) -> Locator:
        """What the page says beside the field of this parameter."""
        return self.page.locator(f"#complaint-{field}")

    def screenshot(self, path: Path) -> None:
        self.page.screenshot(path=path, full_page=True)

    def _hear(self, message: ConsoleMessage) -> None:
        # An answer of 4xx is also told on the console; what it means is shown on the page and tested there.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.troubles.append(message.text)
