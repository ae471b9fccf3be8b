"""`mall retention`: what is old leaves the store."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cluster.cli import progress
from cluster.cli.wiring import open_store


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would happen.")] = False,
) -> None:
    """Export days that are over, move those older than 30 aside and delete all older than 60, but for legal hold; run it daily."""
    from cluster.settings import Settings
    from pipelines.objects import ObjectStore
    from pipelines.retention import Retention

    today = datetime.now(UTC).date()
    with open_store("ingest") as ingest, open_store("read") as read:
        work = Retention(ingest, read, ObjectStore(Settings.load().objects()))
        steps = work.plan(today) if dry_run else work.run(today, lambda step: progress.news(str(step)))
    if steps is None:
        typer.echo("another retention is at it; nothing was done")
        return
    if dry_run:
        for step in steps:
            typer.echo(step)
    typer.echo(f"{len(steps)} steps {'to do' if dry_run else 'done'}")
