"""`mall up | down | status | logs | env`: the embedded services."""

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from cluster.cli import progress

if TYPE_CHECKING:
    from rich.table import Table

    from cluster.embedded.services import ServiceStatus

_COLOURS = {"running": "green", "external": "cyan", "stopped": "yellow", "failing": "red"}


def up() -> None:
    """Start the database, the object store, Ray and the HTTP API; those that run already stay."""
    from cluster.embedded import services
    from cluster.settings import Settings

    settings = services.up(Settings.load(), progress.news)
    typer.echo(f"ready: {settings.needed('serve_url')}  (mall env prints the key, mall status the rest)")


def down() -> None:
    """Stop what `mall up` started, and nothing else; all data stay."""
    from cluster.embedded import services
    from cluster.settings import Settings

    services.down(Settings.load(), progress.news)


def status() -> None:
    """Show how each service is; exit 1 unless all are up."""
    from rich.console import Console

    from cluster.embedded import services
    from cluster.settings import Settings

    rows = services.status(Settings.load())
    Console().print(_table(rows))
    if any(row.state not in ("running", "external") for row in rows):
        raise typer.Exit(1)


def logs(
    service: Annotated[str | None, typer.Argument(help="Only this service's log.", show_default="all")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="The last so many lines of each.")] = 20,
) -> None:
    """Show the end of the services' logs."""
    from cluster.embedded import services
    from cluster.settings import Settings
    from models.world.errors import NotFound

    files = services.log_files(Settings.load())
    if service is not None and service not in files:
        raise NotFound(f"there is no service {service!r}; known: {', '.join(files)}")
    for name, path in files.items():
        if service in (None, name):
            text = path.read_text(errors="replace") if path.is_file() else "(nothing yet)"
            typer.echo("\n".join([f"==> {name}: {path}", *text.splitlines()[-lines:], ""]))


def env() -> None:
    """Print what another shell needs to reach the services: eval "$(mall env)"."""
    from cluster.embedded import services
    from cluster.settings import Settings

    for name, value in sorted(services.environment(Settings.load()).items()):
        typer.echo(f"export {name}={shlex.quote(value)}")


def _table(rows: "list[ServiceStatus]") -> "Table":
    from rich.table import Table

    table = Table("service", "state", "address", "pid", "note", box=None, header_style="bold")
    for row in rows:
        state = f"[{_COLOURS.get(row.state, 'red')}]{row.state}[/]"
        table.add_row(row.name, state, row.address or "-", str(row.pid or "-"), row.note)
    return table
