"""Pictures of how attributes are told: what is taken for what, and the crops of the worst errors."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.vision.describer import Values
from models.world.attributes import UNKNOWN
from pipelines.described_people import Told

CONFUSION, WORST = "confusion.png", "worst.png"
ERRORS, CROPS = 12, 10
"""Errors shown, the surest first, and crops of each."""
_HEIGHT_PX, _WIDTH_PX = 120, 64


def save(folder: Path, told: Sequence[Told], values: Values) -> None:
    """Write `confusion.png` and `worst.png` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _save_confusion(folder / CONFUSION, told, values)
    _save_worst(folder / WORST, told)


def confusion(told: Sequence[Told], key: str, names: Sequence[str]) -> NDArray[np.int64]:
    """How many people of each true value (rows, in the order of names) were told which (columns, unknown last)."""
    counts = np.zeros((len(names), len(names) + 1), dtype=np.int64)
    columns: Mapping[str, int] = {name: number for number, name in enumerate([*names, UNKNOWN])}
    for one in told:
        if one.key == key:
            counts[columns[one.truth], columns[one.value]] += 1
    return counts


def _save_confusion(file: Path, told: Sequence[Told], values: Values) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2 * len(values), 4.4), dpi=110, layout="constrained", facecolor="white")
    for axes, (key, names) in zip(figure.subplots(1, len(values), squeeze=False)[0], values.items(), strict=True):
        counts = confusion(told, key, names)
        axes.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = "white" if count > counts[row].sum() / 2 else "black"
                axes.text(column, row, str(count), ha="center", va="center", fontsize=7, color=colour)
        axes.set_xticks(range(len(names) + 1), [*names, UNKNOWN], rotation=90, fontsize=7)
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.set_title(f"{key}: people by truth (down) and what was told", fontsize=8, loc="left")
    figure.savefig(file)


def _save_worst(file: Path, told: Sequence[Told]) -> None:
    from matplotlib.figure import Figure

    wrong = sorted((one for one in told if not one.right), key=lambda one: (one.value == UNKNOWN, -one.confidence))
    shown: list[Told | None] = [*wrong[:ERRORS]] or [None]
    figure = Figure(figsize=(7.2, 1.15 * len(shown)), dpi=110, layout="constrained", facecolor="white")
    for axes, one in zip(figure.subplots(len(shown), 1, squeeze=False)[:, 0], shown, strict=True):
        axes.axis("off")
        if one is None:
            axes.set_title("no errors", fontsize=8, loc="left")
            continue
        axes.imshow(_strip(one.person.crops[:CROPS])[:, :, ::-1])
        said = f"{one.key}: {one.value} ({one.confidence:.2f}), truly {one.truth}"
        axes.set_title(f"{one.person.name}  {said}", fontsize=7, loc="left", pad=2)
    figure.savefig(file)


def _strip(crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Crops side by side, each in a white cell."""
    strip = np.full((_HEIGHT_PX, _WIDTH_PX * CROPS, 3), 255, dtype=np.uint8)
    for number, picture in enumerate(crops):
        scale = min(_HEIGHT_PX / picture.shape[0], (_WIDTH_PX - 4) / picture.shape[1])
        size = (max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[0] * scale)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        strip[: size[1], number * _WIDTH_PX : number * _WIDTH_PX + size[0]] = small
    return strip
