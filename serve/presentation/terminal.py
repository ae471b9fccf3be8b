"""An answer for the terminal: a table, and its passport in two lines."""

from itertools import islice

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from serve.client import Answer

MOST_ROWS = 40
"""More rows than this are counted instead of shown."""


def show(answer: Answer, console: Console) -> None:
    """Print the answer."""
    console.print(rendered(answer))


def rendered(answer: Answer) -> RenderableType:
    """The answer as a table of at most `MOST_ROWS` rows with units, then what it rests on."""
    table = Table(title=answer.question, title_justify="left", header_style="bold")
    for column in answer.result["columns"]:
        table.add_column(f"{column['name']} ({column['unit']})" if column["unit"] else column["name"], overflow="fold")
    for row in islice(answer.rows, MOST_ROWS):
        table.add_row(*(_cell(row[name]) for name in answer.columns))
    hidden = len(answer.rows) - MOST_ROWS
    more = [Text(f"… and {hidden} more rows; --format csv has them all", style="dim")] if hidden > 0 else []
    return Group(table, *more, Text(answer.summary, style="dim"), *_notes(answer))


def _cell(value: object) -> Text:
    return Text("–" if value is None else str(value))


def _notes(answer: Answer) -> list[Text]:
    suppressed = sorted({one["reason"] for one in answer.passport["suppressed"]})
    dark = sorted({gap["camera"] for gap in answer.passport["gaps"]})
    notes = [f"not shown: {reason}" for reason in suppressed]
    notes += [f"no video at times from: {', '.join(dark)}"] if dark else []
    return [Text(note, style="yellow") for note in notes]
