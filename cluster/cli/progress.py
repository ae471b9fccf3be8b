"""Progress on stderr: bars with the time left, and lines of news. Bars are quiet when stderr is not a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Report = Callable[[float, float], None]
"""Told how much is done, of how much."""


def errors() -> "Console":
    """The console on stderr as it is now."""
    from rich.console import Console

    return Console(stderr=True)


def news(text: str) -> None:
    """One line of news for the person at the terminal."""
    errors().print(text, style="dim", highlight=False)


@contextmanager
def bar(title: str) -> Iterator[Report]:
    """A bar with share, time gone and time left."""
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = errors()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(title, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
