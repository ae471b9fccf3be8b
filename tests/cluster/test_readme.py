"""The lists in cluster/README.md are those of the program."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from cluster import settings
from cluster.cli.app import app

README = (Path(__file__).parents[2] / "cluster" / "README.md").read_text()


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
