"""Pictures of the simulator on disk, in the layout that ultralytics trains from."""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.simulator import training_pictures

QUALITY = 95
SIZE_PX = (640, 384)
PER_SEED = 720
"""More pictures than this come from several seeds, each next to the last."""
HELD_OUT_SEED = 1000
"""Added to the seed for the pictures that are held out: other halls, poses and people."""


def write_pictures(folder: Path, seed: int, count: int) -> None:
    """Write `count` pictures as `images/*.jpg`, `labels/*.txt` (YOLO text) and `people/*.json` (boxes and attributes).

    The first `PER_SEED` are of the seed, the next of the next one. Names are the seed and a number, in an order drawn from
    the seed, so that neighbours come from different cameras.
    """
    for name in ("images", "labels", "people"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for first in range(0, count, PER_SEED):
        _write_of_seed(folder, seed + first // PER_SEED, min(PER_SEED, count - first))


def _write_of_seed(folder: Path, seed: int, count: int) -> None:
    order = np.random.default_rng(seed).permutation(count)
    for number, (bgr, boxes, attributes) in zip(order, training_pictures(seed, count, size_px=SIZE_PX), strict=True):
        name = f"{seed}-{number:05d}"
        cv2.imwrite(str(folder / "images" / f"{name}.jpg"), bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        (folder / "labels" / f"{name}.txt").write_text(_labels(boxes))
        people = [{"box_px": box.tolist(), **words} for box, words in zip(boxes, attributes, strict=True)]
        (folder / "people" / f"{name}.json").write_text(json.dumps(people))


def _labels(boxes_px: NDArray[np.float32]) -> str:
    """One line per person: class 0, then centre and size as shares of the picture."""
    centres, sizes = (boxes_px[:, :2] + boxes_px[:, 2:]) / 2, boxes_px[:, 2:] - boxes_px[:, :2]
    shares = np.hstack([centres, sizes]) / np.array(SIZE_PX * 2)
    return "".join(f"0 {x:.5f} {y:.5f} {w:.5f} {h:.5f}\n" for x, y, w, h in shares)
