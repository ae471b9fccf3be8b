"""`mall bench`: a store at full scale, to be measured."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cluster.cli import progress
from cluster.cli.wiring import day_of, open_store

app = typer.Typer(help="Fill the store for measuring.", no_args_is_help=True)


@app.callback()
def _bench() -> None:
    """Fill the store for measuring."""


@app.command()
def generate(
    days: Annotated[int, typer.Option(min=1, max=60, help="How many days, the last of them yesterday.")] = 1,
    people: Annotated[int, typer.Option(min=1, max=500_000, help="Visitors a day.")] = 24_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 0,
    first: Annotated[
        str | None, typer.Option(metavar="DAY", help="The first day instead, such as 2026-11-20.", show_default=False)
    ] = None,
) -> None:
    """Load days of simulated visitors into an empty store, as stored paths without video."""
    from pipelines.simulator.crowd import filling

    begin = datetime.now(UTC).date() - timedelta(days=days) if first is None else day_of(first, "--first")
    with open_store("admin") as admin, open_store("ingest") as ingest, progress.bar("loading days") as report:
        filling.generate(admin, ingest, begin, days, people, seed, lambda share: report(share, 1.0))
    typer.echo(f"{days} days of {people} people from {begin} on")
