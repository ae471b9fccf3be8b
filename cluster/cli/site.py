"""`mall site`: the mall's floors, sections and cameras."""

from pathlib import Path
from typing import Annotated

import typer

from cluster.cli.wiring import open_store

app = typer.Typer(help="The mall's floors, sections and cameras.", no_args_is_help=True)


@app.callback()
def site() -> None:
    """The mall's floors, sections and cameras."""


@app.command()
def load(
    file: Annotated[Path, typer.Argument(metavar="SITE.yaml", help="The site file.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
) -> None:
    """Load a site file, after showing what changes; sections and calibrations change from now on."""
    from pipelines import site_file
    from sql import sites

    described = site_file.read(file)
    with open_store("admin") as store, store.connection() as connection:
        changes = sites.save(connection, described, dry_run=True)
        for change in changes:
            typer.echo(str(change))
        if changes and not dry_run:
            sites.save(connection, described)
    counts = f"{len(described.floors)} floors, {len(described.sections)} sections, {len(described.cameras)} cameras"
    done = "nothing changes" if not changes else "not loaded (dry run)" if dry_run else "loaded"
    typer.echo(f"{described.name}: {counts}: {done}")
