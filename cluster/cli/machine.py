"""`mall demo | doctor`: this machine."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cluster.cli import progress


def demo(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where its video, services and pictures go.")] = Path(
        "demo"
    ),
    seed: Annotated[int, typer.Option(help="Of the simulated mall and its people.")] = 7,
    large: Annotated[
        bool,
        typer.Option(
            "--large",
            help="24 cameras on two floors that mostly do not overlap, 200 people, 20 minutes: some 10 minutes' work.",
        ),
    ] = False,
) -> None:
    """Turn a small simulated mall into answers, and say how right they are; the last line is a JSON summary."""
    from cluster.demo.run import HALL, MALL, run

    typer.echo(json.dumps(run(folder, progress.news, seed, MALL if large else HALL)))


def doctor() -> None:
    """Show what is installed, what is missing and how to get it; exit 1 if something needed is missing."""
    from rich.console import Console

    from cluster.doctor import examine, table
    from cluster.settings import Settings

    findings = examine(Settings.load())
    Console().print(table(findings))
    if not all(finding.ok for finding in findings if finding.needed):
        raise typer.Exit(1)
