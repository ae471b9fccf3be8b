"""The pages and what they load, as they leave the service; what they do in a browser is tested in `tests/page`."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from models.world.errors import NotFound
from serve.presentation.pages import render
from serve.presentation.pages.assets import Asset, Bundle, find, page_bundle, plotly_bundle
from tests.serve.http import http_to
from tests.serve.mall import MemoryRecords, app_over

PAGES = ("/", "/about", "/docs")
BROWSER = Path(render.__file__).parent / "browser"


def anybody() -> httpx.Client:
    return http_to(app_over(MemoryRecords()), key=None)


def asked_with(encoding: str, address: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app_over(MemoryRecords()))
        async with httpx.AsyncClient(transport=transport, base_url="http://mall.test") as http:
            return await http.get(address, headers={"Accept-Encoding": encoding})

    return asyncio.run(ask())


def loaded_by(page: str) -> list[str]:
    return re.findall(r'(?:src|href|data-plotly)="(/assets/[^"]+)"', page)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_public_and_guarded_and_loads_only_what_is_here(path: str) -> None:
    http = anybody()
    page = http.get(path, headers={"Accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "$" not in page.text.replace("$KEY", "").replace("$URL", "")
    assert not re.search(r"https?://|//cdn|@import|url\(|<style|\son\w+=|javascript:", page.text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page.text)
    for address in loaded_by(page.text):
        assert http.get(address).status_code == 200


def test_no_page_runs_scripts_from_elsewhere_or_within_itself() -> None:
    for path in PAGES:
        policy = anybody().get(path, headers={"Accept": "text/html"}).headers["content-security-policy"]
        directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        assert directives["default-src"] == "'self'"
        assert "script-src" not in directives
        assert directives["frame-ancestors"] == directives["object-src"] == directives["base-uri"] == "'none'"
        assert ("'unsafe-inline'" in directives.get("style-src", "")) == (path == "/")


def test_what_a_page_loads_may_be_kept_for_ever_under_an_address_that_follows_its_content() -> None:
    http = anybody()
    addresses = loaded_by(http.get("/").text)
    types = {Path(address).suffix: http.get(address).headers for address in addresses}
    assert types[".js"]["content-type"] == "text/javascript; charset=utf-8"
    assert types[".css"]["content-type"] == "text/css; charset=utf-8"
    assert types[".svg"]["content-type"] == "image/svg+xml"
    for headers in types.values():
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
    before, after = (Bundle({"a.js": Asset(content, "text/javascript")}) for content in (b"1", b"2"))
    assert before.version != after.version


def test_assets_are_compressed_for_those_who_can_read_that() -> None:
    script = plotly_bundle().assets["plotly.min.js"]
    packed, plain = (
        asked_with(encoding, plotly_bundle().address("plotly.min.js")) for encoding in ("gzip", "identity")
    )
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(script.gzipped) < len(script.content) / 2
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == script.content
    assert all("Accept-Encoding" in one.headers["vary"] for one in (packed, plain))


@pytest.mark.parametrize("name", ["nothing.js", "..%2frender.py", ".."])
def test_there_is_nothing_beside_the_assets(name: str) -> None:
    assert anybody().get(f"/assets/{page_bundle().version}/{name}").status_code == 404
    with pytest.raises(NotFound, match="load it again"):
        find("0123456789abcdef", "main.js")


def test_every_module_is_loaded_by_another_and_finds_what_it_imports() -> None:
    imported = {"main.js"}
    for module in BROWSER.glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', module.read_text()):
            assert (BROWSER / name).is_file(), f"{module.name} imports {name}"
            imported.add(name)
    assert imported == {module.name for module in BROWSER.glob("*.js")}


def test_nothing_from_outside_becomes_markup() -> None:
    for module in BROWSER.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", module.read_text()
        )


def test_the_site_is_told_with_what_each_camera_sees() -> None:
    site = http_to(app_over(MemoryRecords())).get("/site").json()
    assert site["time_zone"] == "Europe/Berlin"
    assert site["floors"] == [
        {"id": 0, "name": "Ground", "outline": [[0.0, 0.0], [60.0, 0.0], [60.0, 30.0], [0.0, 30.0]]}
    ]
    assert site["sections"][0]["polygon"][2] == [60.0, 15.0]
    camera = site["cameras"][0]
    # Its picture of 640 x 384 px shows, at 0.1 m a pixel, 64 x 38.4 m: more than the floor.
    assert camera["near"] == [32.0, 38.4]
    assert [0.0, 0.0] in camera["sees"]
    assert all(0 <= x <= 60 and 0 <= y <= 30 for x, y in camera["sees"])


def test_the_site_needs_a_key_and_leaves_a_trace_in_the_audit() -> None:
    records = MemoryRecords()
    assert anybody().get("/site").status_code == 401
    http_to(app_over(records)).get("/site")
    assert [(read.who, read.action, read.outcome) for read in records.reads] == [("tester", "site", "answered")]


def test_an_answer_tells_its_kind_and_the_types_of_its_columns() -> None:
    http = http_to(app_over(MemoryRecords(rows=[(20, 31.5, 30.0)])))
    asked = {"from": "2026-11-24T12:00Z", "to": "2026-11-24T13:00Z"}
    result = http.get("/questions/average-distance.json", params=asked).json()["result"]
    assert result["kind"] == "scalar"
    assert result["columns"][1] == {"name": "average_distance_m", "type": "number", "unit": "m"}
    inputs = http.get("/processes/paths").json()["inputs"]
    assert inputs["section"]["schema"]["format"] == "section"
    assert inputs["floor"]["schema"]["format"] == "floor"
