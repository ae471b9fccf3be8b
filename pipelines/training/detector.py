"""The detector that is shipped: trained from nothing on the simulator's pictures, then exported for OpenVINO."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from models.vision.torch_detector import open_yolo
from models.vision.weights import digest
from pipelines.training.pictures import HELD_OUT_SEED, SIZE_PX, write_pictures
from pipelines.training.quantising import load_nncf, quantise

NETWORK = Path(__file__).with_name("mall-people.yaml")
NAME = "mall-people"
BATCH = 8


@dataclass(frozen=True)
class Stage:
    """A part of the training: pictures `width_px` wide for some epochs, at a rate that falls to a twentieth."""

    width_px: int
    epochs: int
    rate: float
    warm_up_epochs: float


STAGES = (Stage(640, 4, 0.003, 0.05), Stage(640, 10, 0.002, 0.05))


@dataclass(frozen=True)
class Trained:
    """What training gave: the weights for torch, the INT8 folder for OpenVINO, and their digests for the registry."""

    torch: Path
    openvino: Path
    torch_sha256: str
    openvino_sha256: str


def train_detector(
    out_dir: Path,
    seed: int = 1,
    *,
    pictures: int = 1440,
    held_out: int = 120,
    stages: Sequence[Stage] = STAGES,
    workers: int = 1,
) -> Trained:
    """Train the shipped network on `pictures` pictures of a seed; write `mall-people.pt` and `mall-people_openvino_model`.

    Into `out_dir` go the pictures, the runs of each stage with their scores on the held-out pictures, and the weights. Takes
    about 100 ms of one core for every picture in every epoch. The same seed gives the same pictures and nearly the same
    weights: torch promises no more.
    Raises NotInstalled, before anything is done, where NNCF is missing.
    """
    load_nncf()
    out_dir = out_dir.absolute()
    write_pictures(out_dir / "train", seed, pictures)
    write_pictures(out_dir / "val", seed + HELD_OUT_SEED, held_out)
    described = _describe(out_dir)
    weights = NETWORK
    for number, stage in enumerate(stages):
        weights = run_stage(stage, weights, described, out_dir / "runs" / f"stage-{number}", seed=seed, workers=workers)
    return finish(weights, out_dir)


def run_stage(stage: Stage, start: Path, pictures: Path, folder: Path, *, seed: int, workers: int) -> Path:
    """One stage of training from a network (`.yaml`) or weights; the weights after its last epoch."""
    open_yolo(start).train(
        data=str(pictures),
        epochs=stage.epochs,
        imgsz=stage.width_px,
        rect=True,  # No padding: all pictures have the shape of the cameras'.
        batch=BATCH,
        nbs=BATCH,  # A step per batch: few pictures have to do.
        workers=workers,
        seed=seed,
        pretrained=True,  # Go on from `start`; a network without weights starts at random.
        optimizer="AdamW",
        lr0=stage.rate,
        lrf=0.05,
        cos_lr=True,
        warmup_epochs=stage.warm_up_epochs,
        warmup_bias_lr=stage.rate,
        scale=0.35,
        hsv_h=0.03,
        hsv_s=0.5,
        hsv_v=0.4,
        mosaic=0.0,
        val=False,
        plots=False,
        amp=False,
        device="cpu",
        project=str(folder.parent),
        name=folder.name,
        exist_ok=True,
        verbose=False,
    )
    return folder / "weights" / "last.pt"


def finish(trained: Path, out_dir: Path) -> Trained:
    """The weights without optimiser and without traces of the machine, as `.pt` and as OpenVINO folder (INT8, any size).

    Scales of INT8 are set by the training pictures in `out_dir`.
    """
    torch_file = out_dir / f"{NAME}.pt"
    _strip(trained, torch_file)
    exported = Path(
        open_yolo(torch_file).export(
            format="openvino", half=True, dynamic=True, imgsz=[SIZE_PX[1], SIZE_PX[0]], device="cpu"
        )
    )
    _describe_export(exported / "metadata.yaml")
    floating = exported.rename(out_dir / f"{NAME}_floating_point")
    quantise(floating, sorted((out_dir / "train" / "images").iterdir()), exported)
    return Trained(torch_file, exported, digest(torch_file), digest(exported))


def _strip(trained: Path, torch_file: Path) -> None:
    torch: Any = importlib.import_module("torch")
    checkpoint = torch.load(trained, map_location="cpu", weights_only=False)
    model = (checkpoint.get("ema") or checkpoint["model"]).half()
    arguments = {"task": "detect", "imgsz": max(SIZE_PX), "data": None, "single_cls": False}
    model.args, model.yaml_file = arguments, NETWORK.name
    model.yaml["yaml_file"] = NETWORK.name
    vars(model).pop("pt_path", None)
    for parameter in model.parameters():
        parameter.requires_grad = False
    kept = {"model": model, "train_args": arguments, "version": checkpoint["version"], "license": checkpoint["license"]}
    torch.save(kept | {"epoch": -1, "ema": None, "optimizer": None, "date": None}, torch_file)


def _describe_export(metadata: Path) -> None:
    """Replace what ultralytics writes beside an export by the part that does not change from run to run."""
    written = yaml.safe_load(metadata.read_text())
    kept = {
        key: written[key] for key in ("task", "stride", "imgsz", "names", "batch", "channels", "end2end", "version")
    }
    metadata.write_text(yaml.safe_dump({"description": NAME, "license": "AGPL-3.0-or-later"} | kept, sort_keys=False))


def _describe(out_dir: Path) -> Path:
    described = {"path": str(out_dir), "train": "train/images", "val": "val/images", "names": {0: "person"}}
    (out_dir / "pictures.yaml").write_text(yaml.safe_dump(described))
    return out_dir / "pictures.yaml"
