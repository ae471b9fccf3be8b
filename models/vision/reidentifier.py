"""Reidentifier: crops in, unit vectors out; crops of one person lie close together."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.vision.colours import to_lab
from models.world.errors import BadInput

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
DEFAULT = "mall-reidentifier"
COLOURS = "colours"
"""The name of the colour layout, which has no weights."""
CROPS_AT_ONCE = 16
STRIPES = 6
_LIGHTNESS_BINS, _HUE_BINS = 8, 8
LAYOUT_DIMENSIONS = STRIPES * (_LIGHTNESS_BINS + _HUE_BINS)


class Reidentifier(Protocol):
    """Says what a person looks like as a vector."""

    def embed(self, crops_bgr: Sequence[Bytes]) -> Floats:
        """One unit vector per crop, (n, d) float32; the dot product of two is their likeness, -1 to 1."""
        ...


class ColourLayout:
    """Colours from head to foot: needs no weights.

    The middle of the crop in six horizontal stripes; of each, a histogram of CIELAB lightness and one of hue angle weighted
    by chroma, both with linear shares to neighbouring bins (stripes of colour histograms as in Gray and Tao 2008,
    "Viewpoint Invariant Pedestrian Recognition"). Square roots (Hellinger distance), then length 1: 96 numbers.
    """

    def embed(self, crops_bgr: Sequence[Bytes]) -> Floats:
        """One vector of 96 per crop; a crop without pixels gives zeros."""
        layouts = np.zeros((len(crops_bgr), LAYOUT_DIMENSIONS), np.float32)
        seen = [number for number, crop in enumerate(crops_bgr) if crop.size]
        if seen:
            middles = np.stack([_middle(crops_bgr[number]) for number in seen])
            layouts[seen] = _layouts(to_lab(middles))
        return layouts


class OpenVinoReidentifier:
    """A re-identification network: BGR 0-255, (n, 3, height, width), to vectors, (n, d). Ours takes any number n of crops at once, others
    such as Open Model Zoo's person-reidentification-retail-0287 one after another.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        import openvino

        core = openvino.Core()
        model = core.read_model(path)
        shape = model.input(0).partial_shape
        if shape.rank.get_length() != 4 or any(side.is_dynamic for side in list(shape)[1:]) or shape[1] != 3:
            raise BadInput(f"{path} takes {shape}; expected BGR pictures, (1, 3, height, width)")
        self._at_once = CROPS_AT_ONCE if shape[0].is_dynamic else 1
        self._size = (shape[3].get_length(), shape[2].get_length())
        self._network: Any = core.compile_model(
            model, "CPU", {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": threads}
        )
        self._dimensions = int(np.prod([side.get_length() for side in list(model.output(0).partial_shape)[1:]]))

    def embed(self, crops_bgr: Sequence[Bytes]) -> Floats:
        """One unit vector per crop; a crop without pixels gives zeros."""
        vectors = np.zeros((len(crops_bgr), self._dimensions), np.float32)
        seen = [number for number, crop in enumerate(crops_bgr) if crop.size]
        for first in range(0, len(seen), self._at_once):
            rows = seen[first : first + self._at_once]
            vectors[rows] = self._embedded([crops_bgr[row] for row in rows])
        return vectors

    def _embedded(self, crops_bgr: Sequence[Bytes]) -> Floats:
        resized = [cv2.resize(crop, self._size, interpolation=cv2.INTER_AREA) for crop in crops_bgr]
        pictures = np.stack(resized).astype(np.float32).transpose(0, 3, 1, 2)
        found = np.asarray(self._network(np.ascontiguousarray(pictures))[0], dtype=np.float32)
        vectors = found.reshape(len(crops_bgr), -1)
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def load(name_or_path: str | Path = DEFAULT, *, threads: int = 1) -> Reidentifier:
    """The network of the given weights, or the colour layout for `COLOURS`. Raises what `weights.resolve` raises."""
    if str(name_or_path) == COLOURS:
        return ColourLayout()
    from models.vision.weights import network_file, resolve

    return OpenVinoReidentifier(network_file(resolve(name_or_path).path), threads=threads)


def _middle(crop: Bytes) -> Bytes:
    """The tenth and more at each edge left out, where others and the background are, as (40, 10, 3)."""
    height, width = crop.shape[:2]
    rows, columns = slice(height // 12, -(height // 12) or None), slice(width * 7 // 24, -(width * 7 // 24) or None)
    return np.asarray(cv2.resize(crop[rows, columns], (10, 40), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _layouts(lab: Floats) -> Floats:
    """The vectors of CIELAB pictures, (n, h, w, 3)."""
    count, height, width, _ = lab.shape
    stripe = np.repeat(np.arange(STRIPES), [len(rows) for rows in np.array_split(np.arange(height), STRIPES)])
    group = np.add.outer(np.arange(count) * STRIPES, np.repeat(stripe, width)).ravel()
    chroma = np.hypot(lab[..., 1], lab[..., 2]).ravel()
    hue = np.arctan2(lab[..., 2], lab[..., 1]).ravel() / (2 * np.pi) * _HUE_BINS
    lightness = np.clip(lab[..., 0].ravel() / 100 * _LIGHTNESS_BINS - 0.5, 0, _LIGHTNESS_BINS - 1)
    light = _shares(group, lightness, np.ones_like(chroma), _LIGHTNESS_BINS, around=False)
    colour = _shares(group, hue, np.minimum(chroma / 40, 1.0), _HUE_BINS, around=True)
    histograms = np.sqrt(np.hstack([light, colour]).reshape(count, LAYOUT_DIMENSIONS))
    return np.asarray(histograms / np.linalg.norm(histograms, axis=1, keepdims=True), dtype=np.float32)


def _shares(
    group: NDArray[np.intp], position: NDArray[Any], weight: NDArray[Any], bins: int, *, around: bool
) -> NDArray[np.float64]:
    """A histogram for each group, (groups, bins), a share of its size; every value is shared by its two neighbouring bins,
    closed to a circle if `around`.
    """
    low = np.floor(position).astype(np.intp)
    high_share = (position - low) * weight
    high = (low + 1) % bins if around else np.minimum(low + 1, bins - 1)
    first, groups = group * bins, int(group[-1]) + 1
    counts = np.bincount(first + low % bins, weight - high_share, groups * bins)
    counts += np.bincount(first + high, high_share, groups * bins)
    return counts.reshape(groups, bins) / np.bincount(group)[:, None]
