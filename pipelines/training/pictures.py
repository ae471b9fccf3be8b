"""Pictures of the simulator on disk, in the layout that ultralytics trains from."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.vision.crops import crop, person_height
from models.vision.pictures import Bgr, Bytes
from pipelines.simulator import training_pictures
from pipelines.simulator.wardrobe import dress

QUALITY = 95
JITTER = 0.04
"""Standard deviation of the error put on box edges, as a share of the box: a detector's boxes are not exact."""
SIZE_PX = (640, 384)
PER_SEED = 720
"""More pictures than this come from several seeds, each next to the last."""
PERSON = "person"
"""Key of who somebody is, where people recur."""
HELD_OUT_SEED = 1000
"""Added to the seed for the pictures that are held out: other halls, poses and people."""


def write_pictures(folder: Path, seed: int, count: int, *, recurring: int = 0) -> None:
    """Write `count` pictures as `images/*.jpg`, `labels/*.txt` (YOLO text) and `people/*.json` (boxes, attributes and, if so many
    people of each seed are `recurring`, who it is).

    The first `PER_SEED` are of the seed, the next of the next one. Names are the seed and a number, in an order drawn from
    the seed, so that neighbours come from different cameras.
    """
    for name in ("images", "labels", "people"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for first in range(0, count, PER_SEED):
        _write_of_seed(folder, seed + first // PER_SEED, min(PER_SEED, count - first), recurring)


def crops_of(folder: Path, seed: int, min_height_px: float) -> Iterator[tuple[Bytes, dict[str, Any]]]:
    """A crop of everyone who is tall enough, cut with a box as inexact as a detector's, and the words of the truth."""
    random = np.random.default_rng(seed)
    for file in sorted((folder / "people").glob("*.json")):
        picture = np.asarray(cv2.imread(str(folder / "images" / f"{file.stem}.jpg")), dtype=np.uint8)
        for person in json.loads(file.read_text()):
            box = np.array(person["box_px"])
            error = random.normal(0, JITTER, 4) * np.tile(box[2:] - box[:2], 2)
            cut = crop(Bgr(picture), box + error)
            if cut.size and person_height(cut) >= min_height_px:
                yield cut, person


def _write_of_seed(folder: Path, seed: int, count: int, recurring: int) -> None:
    order, dressing = np.random.default_rng(seed).permutation(count), np.random.default_rng([seed, recurring])
    wardrobe = [dress(dressing) for _ in range(recurring)]
    pictures = training_pictures(seed, count, size_px=SIZE_PX, recurring=wardrobe)
    for number, picture in zip(order, pictures, strict=True):
        name = f"{seed}-{number:05d}"
        cv2.imwrite(str(folder / "images" / f"{name}.jpg"), picture.bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        (folder / "labels" / f"{name}.txt").write_text(_labels(picture.boxes_px))
        people = [
            {"box_px": box.tolist(), **words, **({PERSON: f"{seed}-{person}"} if recurring else {})}
            for box, words, person in zip(picture.boxes_px, picture.attributes, picture.people, strict=True)
        ]
        (folder / "people" / f"{name}.json").write_text(json.dumps(people))


def _labels(boxes_px: NDArray[np.float32]) -> str:
    """One line per person: class 0, then centre and size as shares of the picture."""
    centres, sizes = (boxes_px[:, :2] + boxes_px[:, 2:]) / 2, boxes_px[:, 2:] - boxes_px[:, :2]
    shares = np.hstack([centres, sizes]) / np.array(SIZE_PX * 2)
    return "".join(f"0 {x:.5f} {y:.5f} {w:.5f} {h:.5f}\n" for x, y, w, h in shares)
