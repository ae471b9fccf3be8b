"""`mall ingest | extract | coverage`: video into the archive, out of it what it shows, and how far that is."""

from pathlib import Path
from typing import Annotated

import typer

from cluster.cli import progress
from cluster.cli.wiring import open_store, read_site, time_of, window_of
from models.world.errors import BadInput

MaybeFrom = Annotated[str | None, typer.Option("--from", metavar="T", help="Begin.", show_default="all video")]
MaybeTo = Annotated[str | None, typer.Option("--to", metavar="T", help="End.", show_default="now")]


def ingest(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recorded file.", show_default=False)],
    camera: Annotated[str, typer.Option("--camera", help="The camera's id.")],
    start: Annotated[str, typer.Option(metavar="T", help="When the recording began, such as 2026-11-24T17:00.")],
    end: Annotated[str | None, typer.Option(metavar="T", help="When it ended.")] = None,
    fps: Annotated[float | None, typer.Option(help="Its true rate, if the end is not known.")] = None,
) -> None:
    """Take a recorded file of a camera into the archive. The same file twice is one segment."""
    from cluster.settings import Settings
    from pipelines import archive
    from pipelines.guard import DecodeLimits
    from pipelines.objects import ObjectStore

    if end is not None and fps is not None:
        raise BadInput("give --end or --fps, not both: each of them says how long the recording is")
    settings = Settings.load()
    with open_store("ingest") as store, progress.bar(f"reading {file.name}"):
        site = read_site(store)
        segment = archive.ingest(
            file,
            site.camera(camera),
            time_of(start, site.time_zone, "--start"),
            None if end is None else time_of(end, site.time_zone, "--end"),
            fps,
            store=archive.StoredSegments(store),
            objects=ObjectStore(settings.objects()),
            limits=DecodeLimits(memory_mb=settings.decode_memory_mb, stall_s=settings.decode_stall_s),
        )
    typer.echo(f"{segment.key}: {segment.frames} pictures, {segment.window}")


def extract(
    context: typer.Context,
    start: Annotated[str | None, typer.Option("--from", metavar="T", help="Begin, such as 2026-11-24T17:00.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="T", help="End of the window, itself not in it.")] = None,
    camera: Annotated[list[str] | None, typer.Option(help="Only this camera; repeatable.", show_default="all")] = None,
    request: Annotated[str | None, typer.Option(metavar="ID", help="What this extraction request wants.")] = None,
    epoch: Annotated[int | None, typer.Option(help="End when the request is claimed anew.", hidden=True)] = None,
    again: Annotated[bool, typer.Option("--again", help="Try what was given up (corrupt, deleted, ..) again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell how much it is and how long it takes.")] = False,
) -> None:
    """Find the people in recorded video and load their paths. What is known already is not done again."""
    from cluster.cli import extraction

    if request is not None:
        if start or end or camera or again or dry_run:
            raise BadInput("--request says by itself what to extract; give it alone, or a window with --from and --to")
        return extraction.run_request(request, epoch)
    if start is None or end is None:
        raise typer.BadParameter("give the window, --from T and --to T, or --request ID", ctx=context)
    with open_store("ingest") as store:
        site = read_site(store)
        for one in camera or []:
            site.camera(one)
    window = window_of(start, end, site.time_zone)
    if dry_run:
        return typer.echo(extraction.foretell(window, camera))
    return extraction.run(window, camera, again=again)


def coverage(start: MaybeFrom = None, end: MaybeTo = None) -> None:
    """Show what is recorded, extracted and missing, and how often was looked, per camera and hour."""
    from rich.console import Console

    from cluster.cli.hours import hours_of, table
    from sql import coverage as known

    with open_store("read") as store:
        zone = read_site(store).time_zone
        window = window_of(start, end, zone)
        with store.connection() as connection:
            cameras = known.read(connection, window)
            looked = {(one.camera_id, one.hour): one.pictures / one.seconds for one in known.looked(connection, window)}
    rows = [hour for camera in cameras for hour in hours_of(camera, looked)]
    if rows:
        Console().print(table(rows, zone))
    else:
        typer.echo("nothing is recorded in the window; add video with: mall ingest FILE --camera C --start T")
