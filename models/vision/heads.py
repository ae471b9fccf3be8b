"""Heads: how the raw output of a detection network is read.

| head      | output            | rows                                                          | input                        |
|-----------|-------------------|---------------------------------------------------------------|------------------------------|
| yolo      | (1, 4 + nc, N)    | centre x, y, width, height in input px; nc class scores       | RGB 0-1, letterbox centred   |
| end2end   | (1, 300, 6)       | left, top, right, bottom in input px; score; class; after NMS | RGB 0-1, letterbox centred   |
| yolox     | (1, N, 5 + nc)    | offsets and log sizes in grid cells; objectness; class scores | BGR 0-255, letterbox top left |

YOLOX: Ge et al. 2021, "YOLOX: Exceeding YOLO Series in 2021", section 2.2 (anchor free, strides 8, 16, 32).
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.vision.detector import MAX_OVERLAP, MIN_CONFIDENCE, Detections
from models.vision.pictures import Size
from models.world.errors import BadInput

Floats = NDArray[np.float32]
STRIDES = (8, 16, 32)
Read = Callable[[Floats, int, Size], tuple[Floats, Floats]]
"""`read(output, person, input)` -> boxes (n, 4) xyxy input px and scores (n,) of the class `person`."""


@dataclass(frozen=True)
class Head:
    """One way of writing detections: how its input is made and its output read."""

    name: str
    rgb: bool
    unit_range: bool
    centred: bool
    read: Read


def read_yolo(output: Floats, person: int, input_px: Size) -> tuple[Floats, Floats]:
    """Boxes and scores of a YOLOv8 or YOLO11 head; a box counts where no other class has a higher score."""
    del input_px
    rows = output[0]
    kept = np.flatnonzero(rows[4 + person] >= MIN_CONFIDENCE)
    rows = rows[:, kept].T
    rows = rows[rows[:, 4:].argmax(axis=1) == person]
    return _corners(rows[:, :4]), rows[:, 4 + person]


def read_end2end(output: Floats, person: int, input_px: Size) -> tuple[Floats, Floats]:
    """Boxes and scores of a network that suppresses doubles itself."""
    del input_px
    rows = output[0]
    rows = rows[(rows[:, 5].round() == person) & (rows[:, 4] >= MIN_CONFIDENCE)]
    return rows[:, :4], rows[:, 4]


def read_yolox(output: Floats, person: int, input_px: Size) -> tuple[Floats, Floats]:
    """Boxes and scores of a YOLOX head; a score is objectness times class score."""
    cells, strides = grid(input_px)
    rows = output[0]
    scores = rows[:, 4] * rows[:, 5 + person]
    kept = (scores >= MIN_CONFIDENCE) & (rows[:, 5:].argmax(axis=1) == person)
    centres = (rows[kept, :2] + cells[kept]) * strides[kept]
    sizes = np.exp(rows[kept, 2:4]) * strides[kept]
    return _corners(np.hstack([centres, sizes])), scores[kept]


def grid(input_px: Size) -> tuple[Floats, Floats]:
    """The cells of all strides in the order of the heads: corners (N, 2) in cells, strides (N, 1) px."""
    cells, strides = [], []
    for stride in STRIDES:
        columns, rows = input_px[0] // stride, input_px[1] // stride
        x, y = np.meshgrid(np.arange(columns), np.arange(rows))
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((columns * rows, 1), stride))
    return np.vstack(cells).astype(np.float32), np.vstack(strides).astype(np.float32)


YOLO = Head("yolo", rgb=True, unit_range=True, centred=True, read=read_yolo)
END2END = Head("end2end", rgb=True, unit_range=True, centred=True, read=read_end2end)
YOLOX = Head("yolox", rgb=False, unit_range=False, centred=False, read=read_yolox)


def recognise(shape: tuple[int, ...], input_px: Size) -> tuple[Head, int]:
    """The head that writes outputs of this shape for this input, and its number of classes (0: not known).

    Raises BadInput if none does.
    """
    cells = sum((input_px[0] // stride) * (input_px[1] // stride) for stride in STRIDES)
    if len(shape) == 3 and shape[2] == cells and shape[1] > 4:
        return YOLO, shape[1] - 4
    if len(shape) == 3 and shape[1] == cells and shape[2] > 5:
        return YOLOX, shape[2] - 5
    if len(shape) == 3 and shape[2] == 6:
        return END2END, 0
    raise BadInput(
        f"the network answers {shape} for a picture of {input_px}, which is no known detection head: "
        f"expected (1, 4 + classes, {cells}), (1, {cells}, 5 + classes) or (1, 300, 6)"
    )


def without_doubles(boxes_px: Floats, confidence: Floats, max_overlap: float = MAX_OVERLAP) -> Detections:
    """Greedy non-maximum suppression: the most confident box of every bunch that overlaps by more than `max_overlap` IoU."""
    if not len(boxes_px):
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    left_top_size = np.hstack([boxes_px[:, :2], boxes_px[:, 2:] - boxes_px[:, :2]])
    kept = np.asarray(
        cv2.dnn.NMSBoxes(left_top_size.tolist(), confidence.tolist(), MIN_CONFIDENCE, max_overlap)
    ).ravel()
    kept = kept[np.argsort(-confidence[kept], kind="stable")]
    return Detections(boxes_px[kept].astype(np.float32), confidence[kept].astype(np.float32))


def _corners(centre_size: Floats) -> Floats:
    half = centre_size[:, 2:] / 2
    return np.hstack([centre_size[:, :2] - half, centre_size[:, :2] + half])
