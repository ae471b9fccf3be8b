"""`mall simulate`: video of a mall that never was, with the truth about it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cluster.cli import progress
from models.world.errors import BadWindow


def simulate(
    out_dir: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="A new or empty folder.", show_default=False)],
    cameras: Annotated[int, typer.Option(help="Cameras; their views overlap.")] = 4,
    people: Annotated[int, typer.Option(help="Visitors.")] = 20,
    minutes: Annotated[float, typer.Option(help="Length of the video.")] = 2.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 0,
    start: Annotated[
        str | None, typer.Option(help="When it happens, such as 2026-11-24T17:00.", show_default="yesterday at 17:00")
    ] = None,
) -> None:
    """Simulate a mall: site file, video of each camera, and who truly walked where."""
    from pipelines.simulator import simulate as run

    begin = _start(start)
    with progress.bar("simulating") as report:
        made = run(
            out_dir,
            cameras=cameras,
            people=people,
            minutes=minutes,
            seed=seed,
            start=begin,
            progress=lambda share: report(share, 1.0),
        )
    typer.echo(
        f"{made.folder}: {made.people} people, {len(made.videos)} cameras, from {made.window.start.isoformat()} "
        f"to {made.window.end.isoformat()}"
    )


def _start(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise BadWindow(f"--start: {text!r} is not a time; write it like 2026-11-24T17:00") from None
