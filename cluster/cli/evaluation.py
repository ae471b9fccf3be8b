"""`mall evaluate` and `mall train`: how good the parts are, and how they were made."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cluster.cli import progress
from models.world.errors import BadInput

if TYPE_CHECKING:
    from pipelines.scene_rows import Report, Row

evaluate = typer.Typer(help="Measure a part against the truth.", no_args_is_help=True)
train = typer.Typer(help="Make the weights that are shipped again.", no_args_is_help=True)


@evaluate.callback()
def _evaluate() -> None:
    """Measure a part against the truth."""


OutDir = Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Where pictures and weights go.", show_default=False)]
Seed = Annotated[int, typer.Option(help="Of the simulator's pictures and the training.")]
Seeds = Annotated[
    str | None,
    typer.Option(metavar="1,2,..", help="Instead of files: simulated scenes with these seeds, as a table."),
]
Pictures = Annotated[int, typer.Option(min=1, help="Pictures to learn from.")]


@train.callback()
def _train() -> None:
    """Make the weights that are shipped again."""


@evaluate.command()
def tracking(
    ground_truth: Annotated[
        Path | None, typer.Option(metavar="MOT_GT.txt", help="The truth, MOT text.", show_default=False)
    ] = None,
    homography: Annotated[
        Path | None, typer.Option(metavar="H.txt", help="3x3 text, foot point (px) to metres.", show_default=False)
    ] = None,
    fps: Annotated[float | None, typer.Option(help="The video's true rate.", show_default=False)] = None,
    tracks: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="Where the tracks go.", show_default=False)
    ] = None,
    json_out: Annotated[
        Path | None, typer.Option("--json", metavar="OUT.json", help="Where the scores go.", show_default=False)
    ] = None,
    video: Annotated[Path | None, typer.Option(metavar="FILE", help="The video, or")] = None,
    detections: Annotated[Path | None, typer.Option(metavar="MOT.txt", help="detections of it, MOT text.")] = None,
    sample_fps: Annotated[float | None, typer.Option(help="Look this often.", show_default="at every picture")] = None,
    phase: Annotated[int, typer.Option(help="The first picture to look at, from 0.")] = 0,
    weights: Annotated[str | None, typer.Option(metavar="FILE", help="The detector's.", show_default="ours")] = None,
    reidentification: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Weights that tell people apart, or colours.", show_default="ours"),
    ] = None,
    seeds: Seeds = None,
    scene: Annotated[
        list[str] | None, typer.Option(help="Only this scene; may be repeated.", show_default="all")
    ] = None,
) -> None:
    """Track one camera and score the tracks; percent."""
    if seeds is not None:
        if video or detections or ground_truth or homography or tracks or json_out:
            raise BadInput("--seeds is for simulated scenes; give it alone, or files without it")
        from pipelines import tracking_table

        _table(seeds, scene or list(tracking_table.SCENES), tracking_table.measure)
        return
    if ground_truth is None or homography is None or fps is None or tracks is None or json_out is None:
        raise BadInput(
            "give --ground-truth, --homography, --fps, --tracks and --json, or --seeds for a table over simulated scenes"
        )
    from pipelines.evaluate import evaluate_tracking

    if (video is None) == (detections is None):
        raise BadInput("give --video or --detections: one of them, not both")
    with progress.bar("tracking") as report:
        scores = evaluate_tracking(
            video=video,
            detections=detections,
            ground_truth=ground_truth,
            homography=homography,
            fps=fps,
            sample_fps=sample_fps,
            phase=phase,
            weights=weights,
            reidentification=reidentification,
            tracks_out=tracks,
            json_out=json_out,
            progress=report,
        )
    typer.echo(json.dumps(scores))


@evaluate.command()
def association(
    detections: Annotated[
        Path | None,
        typer.Option(metavar="D.csv|.parquet", help="Detections of all cameras, on the floor.", show_default=False),
    ] = None,
    tracks: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="Where the identities go.", show_default=False)
    ] = None,
    json_out: Annotated[
        Path | None, typer.Option("--json", metavar="OUT.json", help="Where the scores go.", show_default=False)
    ] = None,
    ground_truth: Annotated[
        Path | None, typer.Option(metavar="G.csv", help="Who they are.", show_default="no scores")
    ] = None,
    seeds: Seeds = None,
    scene: Annotated[
        list[str] | None,
        typer.Option(help="Only this scene; may be repeated.", show_default="all but large-mall"),
    ] = None,
) -> None:
    """Identify people over cameras and score the identities; percent."""
    if seeds is not None:
        if detections or tracks or json_out or ground_truth:
            raise BadInput(
                "--seeds is for simulated scenes; give it alone, or --detections, --tracks and --json without it"
            )
        from pipelines import association_table

        _table(seeds, scene or association_table.USUAL, association_table.measure)
        return
    if detections is None or tracks is None or json_out is None:
        raise BadInput("give --detections, --tracks and --json, or --seeds for a table over simulated scenes")
    from pipelines.evaluate_association import evaluate_association

    with progress.bar("identifying") as report:
        scores = evaluate_association(
            detections=detections,
            ground_truth=ground_truth,
            tracks_out=tracks,
            json_out=json_out,
            progress=report,
        )
    typer.echo(json.dumps(scores))


@evaluate.command()
def attributes(
    json_out: Annotated[
        Path, typer.Option("--json", metavar="OUT.json", help="Where the scores go.", show_default=False)
    ],
    pictures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where pictures go: confusion.png and worst.png.", show_default="none"),
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option(help="Of the halls; repeatable.", show_default="the reporting seeds")
    ] = None,
    light: Annotated[
        str, typer.Option(help="usual, or other: exposures and white balances three times as far.")
    ] = "usual",
    halls: Annotated[int, typer.Option(min=1, help="Halls of each seed, 20 people each.")] = 4,
    weights: Annotated[
        str, typer.Option(metavar="FOLDER", help="The describer's.", show_default="ours")
    ] = "mall-describer",
) -> None:
    """Describe people of simulated halls that nothing was trained on, and score what is told of them; percent."""
    from pipelines.evaluate_attributes import REPORTING, evaluate_attributes

    with progress.bar("describing") as report:
        scores = evaluate_attributes(
            seeds=seed or REPORTING,
            light=light,
            halls=halls,
            weights=weights,
            json_out=json_out,
            pictures_out=pictures,
            progress=report,
        )
    typer.echo(json.dumps(scores))


def _table(seeds: str, scenes: Sequence[str], measure: "Callable[[str, Sequence[int], Report], Row]") -> None:
    from pipelines.scene_rows import HEADER

    numbers = seeds.split(",")
    if not all(number.strip().isdecimal() for number in numbers):
        raise BadInput(f"--seeds takes whole numbers with commas between, such as 3,4,5; got {seeds!r}")
    for number, scene in enumerate(scenes):
        with progress.bar(scene) as report:
            row = measure(scene, [int(number) for number in numbers], report)
        typer.echo(str(row) if number else f"{HEADER}\n{row}")


@train.command()
def detector(
    out_dir: OutDir,
    seed: Seed = 1,
    pictures: Pictures = 1440,
) -> None:
    """Train the small detector of people on the simulator's pictures (hours)."""
    from pipelines.training.detector import train_detector

    made = train_detector(out_dir, seed, pictures=pictures)
    typer.echo(f"{made.openvino} (sha256 {made.openvino_sha256})")


@train.command()
def describer(
    out_dir: OutDir,
    seed: Seed = 1,
    pictures: Pictures = 1440,
) -> None:
    """Train the describer of clothes on the simulator's pictures (minutes)."""
    from pipelines.training.describer import train_describer

    made = train_describer(out_dir, seed, pictures=pictures)
    typer.echo(f"{made.folder} (sha256 {made.sha256})")
    shares = ", ".join(f"{key} {share:.1%}" for key, share in made.right.items())
    typer.echo(f"right on single crops of held-out pictures: {shares}")


@train.command()
def reidentifier(
    out_dir: OutDir,
    seed: Seed = 1,
    pictures: Pictures = 4320,
) -> None:
    """Train the reidentifier, which tells people apart by their looks, on the simulator's pictures (an hour)."""
    from pipelines.training.reidentifier import train_reidentifier

    made = train_reidentifier(out_dir, seed, pictures=pictures)
    typer.echo(f"{made.folder} (sha256 {made.sha256})")
    typer.echo(f"the likest of all other held-out crops shows the same person: {made.rank_one:.1%}")
