"""`mall query`: ask the mall."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cluster.cli import progress
from models.world.errors import BadInput

if TYPE_CHECKING:
    from serve.client import Mall

Inputs = dict[str, str | list[str]]


TABLE = "table"


def query(
    question: Annotated[
        str | None, typer.Argument(help="The question's id; none: list all.", show_default=False)
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", metavar="KEY=VALUE", help="A parameter; repeatable.", show_default=False),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="A table, or as served: json, csv, geojson ..")
    ] = TABLE,
    wait: Annotated[
        bool, typer.Option("--wait", help="If video is not extracted yet: have it extracted, then answer.")
    ] = False,
) -> None:
    """Ask a question; without one, list all questions and their parameters."""
    from cluster.settings import Settings
    from serve.client import Mall
    from serve.presentation import formats

    if form != TABLE:
        formats.find(form)
    inputs = read_parameters(parameters or [])
    settings = Settings.load()
    with Mall(settings.needed("serve_url"), settings.needed("api_key")) as mall:
        if question is None:
            return _list(mall)
        if wait:
            _wait_for(mall, question, inputs)
        _print(mall, question, inputs, form)
    return None


def read_parameters(texts: list[str]) -> Inputs:
    """`key=value` texts as inputs; a key given twice has a list of values. Raises BadInput."""
    inputs: Inputs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise BadInput(
                f"-p {text!r} is not KEY=VALUE; write it like: -p from=2026-11-24T17:00 -p attribute=shirt:blue"
            )
        before = inputs.get(key, [])
        inputs[key] = [*([before] if isinstance(before, str) else before), value] if key in inputs else value
    return inputs


def _list(mall: "Mall") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("question", "what it tells", "-p (r: required)", box=None, header_style="bold")
    for one in mall.questions():
        inputs = mall.describe(one["id"])["inputs"]
        names = (f"{name} (r)" if about.get("minOccurs", 1) else name for name, about in inputs.items())
        table.add_row(one["id"], one["title"], ", ".join(names))
    Console().print(table)


def _print(mall: "Mall", question: str, inputs: Inputs, form: str) -> None:
    if form == TABLE:
        from rich.console import Console

        from serve.presentation.terminal import show

        asked: dict[str, Any] = {**inputs}
        show(mall.ask(question, **asked), Console())
    else:
        mall.save(question, form, sys.stdout.buffer, **inputs)
        if sys.stdout.isatty():
            typer.echo()


def _wait_for(mall: "Mall", question: str, inputs: Inputs) -> None:
    """Have what is missing extracted by a job, and show how it gets on."""
    from serve.client import Job

    with progress.bar("extracting") as report:

        def show(job: Job) -> None:
            report(job.camera_hours_done, job.camera_hours)

        asked: dict[str, Any] = {**inputs}
        mall.ask(question, wait=True, on_progress=show, **asked)
