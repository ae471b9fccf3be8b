"""All commands of `mall`, in the order in which a newcomer needs them."""

from collections.abc import Callable

import typer

from cluster.cli import (
    archive,
    attributes,
    bench,
    evaluation,
    export,
    machine,
    questions,
    retention,
    services,
    simulation,
    site,
)

Commands = tuple[Callable[..., None], ...]
START, WORK, TOOLS = "Start", "Video to answers", "Workshop"
_START: Commands = (
    machine.demo,
    machine.doctor,
    services.up,
    services.down,
    services.status,
    services.logs,
    services.env,
)
_WORK: Commands = (
    archive.ingest,
    archive.extract,
    archive.coverage,
    questions.query,
    export.export,
    retention.retention,
)

app = typer.Typer(
    name="mall",
    help="Turns the CCTV of a mall into answers about how people move.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in _START:
    app.command(rich_help_panel=START)(command)
app.add_typer(site.app, name="site", rich_help_panel=WORK)
app.add_typer(attributes.app, name="attributes", rich_help_panel=WORK)
for command in _WORK:
    app.command(rich_help_panel=WORK)(command)
app.command(rich_help_panel=TOOLS)(simulation.simulate)
app.add_typer(evaluation.evaluate, name="evaluate", rich_help_panel=TOOLS)
app.add_typer(evaluation.train, name="train", rich_help_panel=TOOLS)
app.add_typer(bench.app, name="bench", rich_help_panel=TOOLS)
