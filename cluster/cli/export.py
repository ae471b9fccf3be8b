"""`mall export`: days of people as Parquet files in the object store."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from cluster.cli import progress
from cluster.cli.wiring import day_of, open_store


def export(
    day: Annotated[
        str | None,
        typer.Argument(metavar="DAY", help="A day (UTC), such as 2026-11-20.", show_default="all that are over"),
    ] = None,
) -> None:
    """Write a day's people and paths as Parquet into the object store; without DAY, all that changed: run it daily."""
    from cluster.settings import Settings
    from pipelines.export import changed, export_day
    from pipelines.objects import ObjectStore

    with open_store("read") as store:
        objects, written = ObjectStore(Settings.load().objects()), 0
        days = changed(store, objects, datetime.now(UTC).date()) if day is None else [day_of(day, "DAY")]
        for one in days:
            done, is_new = export_day(one, store, objects, f"{getpass.getuser()} (mall export)")
            written += is_new
            if is_new:
                progress.news(f"{one}: {done.files['people'].rows} people, {done.bytes / 1e6:.1f} MB")
    typer.echo(f"{written} days written; what has not changed is exported already")
