"""`mall site`: the mall's floors, sections and cameras, and how cameras place people on the floor."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cluster.cli.wiring import open_store, read_site, window_of
from models.world.errors import BadSite

if TYPE_CHECKING:
    from models.world.calibrating import Fitted
    from models.world.places import Camera, Point
    from pipelines.calibration_check import Checked

app = typer.Typer(help="The mall's floors, sections and cameras.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(metavar="SITE.yaml", help="The site file.", show_default=False)]


@app.callback()
def site() -> None:
    """The mall's floors, sections and cameras."""


@app.command()
def load(
    file: File,
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
    for camera in described.cameras:
        if camera.calibration is None:
            typer.echo(
                f"{camera.id} has no calibration: its people are counted in the picture only (mall site calibrate)"
            )
    counts = f"{len(described.floors)} floors, {len(described.sections)} sections, {len(described.cameras)} cameras"
    done = "nothing changes" if not changes else "not loaded (dry run)" if dry_run else "loaded"
    typer.echo(f"{described.name}: {counts}: {done}")


@app.command()
def calibrate(
    file: File,
    camera: Annotated[str, typer.Argument(metavar="CAMERA", help="Its id.", show_default=False)],
    points: Annotated[
        Path | None,
        typer.Option(metavar="PAIRS.csv", help="x_px,y_px,x_m,y_m.", show_default="those of the site file"),
    ] = None,
    lens_k1: Annotated[
        float | None,
        typer.Option(help="Lens distortion; 0: none.", show_default="looked for, with 6 pairs or more"),
    ] = None,
    picture: Annotated[Path | None, typer.Option(metavar="FRAME.png", help="A picture of the camera.")] = None,
    grid: Annotated[Path | None, typer.Option(metavar="GRID.png", help="Draw the floor's grid into the view.")] = None,
    save: Annotated[Path | None, typer.Option(metavar="NEW.yaml", help="The site file with this calibration.")] = None,
) -> None:
    """Fit a camera's calibration to pairs of points and show how far each is missed; with --grid, as a picture."""
    from models.world.calibrating import calibrated
    from models.world.places import calibrate as accepted
    from pipelines import grid_picture, site_file

    described = site_file.read(file)
    one = described.camera(camera)
    points_px, points_m = _pairs(one, points)
    fitted = calibrated(points_px, points_m, one.width_px, one.height_px, lens_k1=lens_k1)
    _show_fit(fitted, one)
    if grid is not None:
        size = (one.width_px, one.height_px)
        view = grid_picture.blank(*size) if picture is None else grid_picture.read(picture, *size)
        outline = next(floor.outline for floor in described.floors if floor.id == one.floor)
        grid_picture.save(grid, view, fitted.calibration, outline)
        typer.echo(f"{grid}: red circles are the points as given, green crosses where the calibration puts them")
    calibration = accepted(points_px, points_m, fitted.calibration.lens)
    if save is not None:
        changed = replace(one, calibration=calibration)
        cameras = tuple(changed if each.id == one.id else each for each in described.cameras)
        site_file.write(replace(described, cameras=cameras), save)
        typer.echo(f"{save}: the site with this calibration; load it: mall site load {save}")


@app.command()
def check(
    start: Annotated[str | None, typer.Option("--from", metavar="T", help="Begin, such as 2026-11-24T17:00.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="T", help="End of the window, itself not in it.")] = None,
) -> None:
    """Check calibrations by the people who walked there: heights, speeds, agreement of cameras; exit 1 if one seems moved."""
    from cluster.settings import Settings
    from pipelines.calibration_check import check as checked
    from pipelines.load import read_tracklets
    from pipelines.objects import ObjectStore
    from sql import ledger

    with open_store("ingest") as store:
        described = read_site(store)
        window = window_of(start, end, described.time_zone)
        with store.connection() as connection:
            winners = ledger.winners(connection, window)
    objects = ObjectStore(Settings.load().objects())
    found = checked(described.cameras, (one for winner in winners for one in read_tracklets(winner, objects)))
    for one in found:
        typer.echo(_line(one))
    if any(one.reasons for one in found):
        raise typer.Exit(1)


def _pairs(camera: "Camera", points: Path | None) -> tuple[list["Point"], list["Point"]]:
    from pipelines import point_pairs

    if points is not None:
        return point_pairs.read(points)
    held = camera.calibration
    if held is None or not held.points_px:
        raise BadSite(f"the site file has no pairs of points for {camera.id}; give them: --points PAIRS.csv")
    return list(held.points_px), list(held.points_m)


def _show_fit(fitted: "Fitted", camera: "Camera") -> None:
    from models.world.poses import pose

    held = fitted.calibration
    typer.echo("pair       x px     y px      x m      y m   missed m   px   left out m")
    rows = zip(held.points_px, held.points_m, fitted.residuals_m, fitted.residuals_px, fitted.left_out_m, strict=True)
    for number, (px, m, missed_m, missed_px, left_out_m) in enumerate(rows, start=1):
        places = f"{px[0]:9.1f}{px[1]:9.1f}{m[0]:9.2f}{m[1]:9.2f}"
        typer.echo(f"{number:4}  {places}{missed_m:11.3f}{missed_px:5.1f}{left_out_m:13.3f}")
    lens = "none" if held.lens is None else f"k1 {held.lens.k1:g}"
    typer.echo(
        f"mean {fitted.residuals_m.mean():.3f} m, most {fitted.residuals_m.max():.3f} m; lens distortion: {lens}"
    )
    hung = pose(held, camera.width_px, camera.height_px)
    if hung is not None:
        x, y, height = hung.eye_m
        typer.echo(
            f"{camera.id} would hang at ({x:.1f}, {y:.1f}) m, {height:.1f} m high, and look {hung.tilt_deg:.0f} degrees down, with a "
            f"focal length of {hung.focal_px:.0f} px"
        )


def _line(one: "Checked") -> str:
    figures = [f"{one.people} people"]
    figures += [f"{one.height_m:.2f} m high"] if one.height_m is not None else []
    figures += [f"near to far {one.near_to_far:.2f}"] if one.near_to_far is not None else []
    figures += [f"{one.speed_m_s:.2f} m/s"] if one.speed_m_s is not None else []
    figures += [f"{agreement.camera} {agreement.apart_m:.2f} m away" for agreement in one.agreements]
    verdict = "MOVED? " + "; ".join(one.reasons) if one.reasons else "fits" if one.judged else "too few people to tell"
    return f"{one.camera}: {verdict} ({', '.join(figures)})"
