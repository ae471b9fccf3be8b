"""The lists in cluster/README.md are those of the program, and the links of all pages lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from cluster import settings
from cluster.cli.app import app

FOLDERS = ("cluster", "models", "notebooks", "pipelines", "serve", "sql")
PROJECT = Path(__file__).parents[2]
README = (PROJECT / "cluster" / "README.md").read_text()
PAGES = [PROJECT / "README.md", *(page for folder in FOLDERS for page in sorted((PROJECT / folder).rglob("*.md")))]


def rows(section: str) -> list[tuple[str, ...]]:
    """The cells of the table in a section, without its head."""
    text = README.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


def commands(command: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every command that does something, with the first line of its help."""
    if not hasattr(command, "commands"):
        yield f"`{name}`", command.help.splitlines()[0]
    for below, found in getattr(command, "commands", {}).items():
        yield from commands(found, f"{name} {below}")


def test_every_command_is_documented_as_its_help_says() -> None:
    assert rows("Commands") == list(commands(get_command(app), "mall"))


def test_every_setting_is_documented_with_default_unit_and_meaning() -> None:
    assert rows("Settings") == [(f"`{name}`", *rest) for name, *rest in settings.table()]


def anchors(page: Path) -> set[str]:
    """The headings of a page as they stand in links."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_between_pages_leads_to_a_file_and_a_heading() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
            name, _, anchor = link.partition("#")
            target = page.parent / name if name else page
            assert target.exists(), f"{page.relative_to(PROJECT)} links to {link}"
            assert not anchor or anchor in anchors(target), f"{page.relative_to(PROJECT)} links to {link}"
