"""`mall retention`: what is old leaves the store."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cluster.cli import progress
from cluster.cli.wiring import open_store


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would happen.")] = False,
) -> None:
    """Move days older than 30 aside and delete those older than 60, but for days on legal hold; run it daily."""
    from sql import retention as old

    today = datetime.now(UTC).date()
    with open_store("ingest") as store:
        if dry_run:
            with store.connection() as connection:
                steps = old.plan(connection, today)
            for step in steps:
                typer.echo(step)
        else:
            done = old.run(store, today, log=lambda step: progress.news(str(step)))
            if done is None:
                typer.echo("another retention is at it; nothing was done")
                return
            steps = done
    typer.echo(f"{len(steps)} steps {'to do' if dry_run else 'done'}")
