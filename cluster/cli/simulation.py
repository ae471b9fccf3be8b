"""`mall simulate`: a mall that never was, as video or as detections, with the truth about it."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cluster.cli import progress
from models.world.errors import BadInput, BadWindow

_PANEL = "With --detections"
_CAMERAS = {"overlapping": 7, "mall": 24}
_FILMING = {"overlapping": 4, "mall": 24}
"""How many cameras there are if nothing is said: of detections, and of video."""


def simulate(
    context: typer.Context,
    out_dir: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="A new or empty folder.", show_default=False)],
    cameras: Annotated[
        int | None, typer.Option(help="Cameras.", show_default="4; with --detections 7; of a mall 24")
    ] = None,
    annexes: Annotated[
        int,
        typer.Option(
            help="Rooms behind passages that no camera sees, one more camera in each; of video of one hall only."
        ),
    ] = 0,
    layout: Annotated[
        str,
        typer.Option(
            help="overlapping: one hall before all cameras; mall: floors of corridors and shops, seen here and there."
        ),
    ] = "overlapping",
    people: Annotated[int, typer.Option(help="Visitors.")] = 20,
    minutes: Annotated[float, typer.Option(help="How long it lasts.")] = 2.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 0,
    start: Annotated[
        str | None, typer.Option(help="When it happens, such as 2026-11-24T17:00.", show_default="yesterday at 17:00")
    ] = None,
    detections: Annotated[
        bool, typer.Option("--detections", help="No video: what each camera detects, as places on the floor.")
    ] = False,
    fps: Annotated[float, typer.Option(help="Samples a second.", rich_help_panel=_PANEL)] = 1.0,
    misses: Annotated[float, typer.Option(help="Share of people not detected.", rich_help_panel=_PANEL)] = 0.1,
    burst_s: Annotated[
        float, typer.Option(help="Misses come in runs of this mean length; 0: each by itself.", rich_help_panel=_PANEL)
    ] = 0.0,
    noise_m: Annotated[
        float | None,
        typer.Option(
            help="Error of places, m on each axis of the floor, or", show_default="0.2", rich_help_panel=_PANEL
        ),
    ] = None,
    noise_px: Annotated[
        float | None, typer.Option(help="px at the foot, carried to the floor.", rich_help_panel=_PANEL)
    ] = None,
    false: Annotated[float, typer.Option(help="Share of detections of nobody.", rich_help_panel=_PANEL)] = 0.02,
    hidden: Annotated[
        float,
        typer.Option(
            help="Who is covered by more than this share by one person in front is missed.", rich_help_panel=_PANEL
        ),
    ] = 1.0,
    embedding: Annotated[
        int, typer.Option(help="Numbers in an embedding; 0: there is none.", rich_help_panel=_PANEL)
    ] = 0,
    rank1: Annotated[
        float,
        typer.Option(help="Share of people whom embeddings find among 150 in other cameras.", rich_help_panel=_PANEL),
    ] = 0.8,
    uniforms: Annotated[
        float, typer.Option(help="Share of people who look nearly alike.", rich_help_panel=_PANEL)
    ] = 0.0,
    file_format: Annotated[
        str, typer.Option("--format", help="parquet or csv, of the detections.", rich_help_panel=_PANEL)
    ] = "parquet",
) -> None:
    """Simulate a mall: site file, video or detections of each camera, and who truly walked where."""
    if not detections:
        _refuse_options_of_detections(context)
        if layout not in _FILMING:
            raise BadInput(f"there is no layout {layout!r}; known: {', '.join(_FILMING)}")
        if annexes and layout == "mall":
            raise BadInput("--annexes are of one hall; a mall has floors and shops anyhow")
        _video(out_dir, layout, _FILMING[layout] if cameras is None else cameras, annexes, people, minutes, seed, start)
        return
    if annexes:
        raise BadInput("--annexes are of video; with --detections take --layout mall")
    if start is not None:
        raise BadInput("--start is for video; the times of detections are seconds from 0")
    from pipelines.simulator.detections import Appearance, Noise, simulate_detections

    if noise_m is not None and noise_px is not None:
        raise BadInput("give --noise-m or --noise-px: one of them, not both")
    place_m = (0.2 if noise_px is None else 0.0) if noise_m is None else noise_m
    with progress.bar("simulating") as report:
        made = simulate_detections(
            out_dir,
            layout=layout,
            cameras=_CAMERAS.get(layout, 0) if cameras is None else cameras,
            people=people,
            minutes=minutes,
            fps=fps,
            seed=seed,
            noise=Noise(misses, burst_s, place_m, noise_px or 0.0, false, hidden),
            looks=Appearance(embedding, rank1, uniforms),
            file_format=file_format,
            progress=lambda share: report(share, 1.0),
        )
    looks = "" if made.rank1 is None else f", rank-1 {made.rank1:.3f}"
    typer.echo(
        f"{made.detections}: {made.rows} detections, {made.false} of them false, of {made.people_seen} people by "
        f"{len(made.site.cameras)} cameras on {len(made.site.floors)} floors{looks}"
    )


def _video(
    out_dir: Path, layout: str, cameras: int, annexes: int, people: int, minutes: float, seed: int, start: str | None
) -> None:
    from pipelines.simulator import simulate as film_hall
    from pipelines.simulator import simulate_mall as film_mall

    run = film_mall if layout == "mall" else partial(film_hall, annexes=annexes)
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


def _refuse_options_of_detections(context: typer.Context) -> None:
    for option in context.command.params:
        if getattr(option, "rich_help_panel", None) == _PANEL and _given(context, option.name):
            raise BadInput(f"{option.opts[0]} says how people are detected; give --detections as well")


def _given(context: typer.Context, name: str | None) -> bool:
    source = context.get_parameter_source(name or "")
    return source is not None and source.name == "COMMANDLINE"


def _start(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise BadWindow(f"--start: {text!r} is not a time; write it like 2026-11-24T17:00") from None
