"""Describer: what people wear, as probabilities per crop, and the decision over many crops.

A small network finds where a crop shows shirt and trousers; what colours those are called is not learned but defined
(`colours`). Shoes are told from bare feet by the feet and the face. Nothing else about a person is looked at.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.vision.colours import name_pixels, to_lab
from models.vision.crops import person_height
from models.vision.weights import resolve
from models.world.errors import BadInput
from models.world.people import ATTRIBUTES, UNKNOWN

Bytes = NDArray[np.uint8]
Evidence = Mapping[str, Mapping[str, float]]
"""By attribute the probability of each value, sum 1; an attribute of which nothing is seen is missing."""
WEIGHTS = "mall-describer"
MIN_HEIGHT_PX = 40.0
"""People lower than this are not described."""
DECIDED = 0.5
"""A value less probable than this is unknown."""
LIKENESS = 0.5
"""How much two crops of one person repeat each other (correlation of their errors), 0 to 1."""
WIDTH, HEIGHT = 48, 96
"""The size, px, in which the network sees a crop."""
_SMALLEST = 1e-3


class Describer:
    """Describes crops cut by `crops.crop`, on `threads` CPU threads. Holds the network: ours, or that of a folder.

    Raises what `weights.resolve` raises, and BadInput for a network that was not trained for `ATTRIBUTES`.
    """

    def __init__(self, weights: str | Path = WEIGHTS, *, threads: int = 1) -> None:
        import openvino

        self._network: Any = openvino.Core().compile_model(
            resolve(weights).path / f"{WEIGHTS}.xml",
            "CPU",
            {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": threads},
        )
        known, wanted = _answers(self._network), [len(values) for values in ATTRIBUTES.values()]
        if known != wanted:
            raise BadInput(
                f"the weights {weights} tell attributes of {known} values, and {', '.join(ATTRIBUTES)} have {wanted}: "
                "train them for these attributes (mall train describer)"
            )

    def describe(self, crops_bgr: Sequence[Bytes]) -> list[dict[str, dict[str, float]]]:
        """The evidence of each crop, uint8 (h, w, 3) BGR; empty for people lower than `MIN_HEIGHT_PX`."""
        return [
            self._describe(crop) if crop.size and person_height(crop) >= MIN_HEIGHT_PX else {} for crop in crops_bgr
        ]

    def _describe(self, crop: Bytes) -> dict[str, dict[str, float]]:
        small = np.asarray(cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        seen = self._network([part.transpose(2, 0, 1)[None] for part in (to_lab(small), name_pixels(small))])
        return {
            key: {value: float(share) for value, share in zip(values, seen[number][0], strict=True)}
            for number, (key, values) in enumerate(ATTRIBUTES.items())
        }


def _answers(network: Any) -> list[int]:
    """How many values each answer of a network tells apart."""
    return [answer.partial_shape[1].get_length() for answer in network.outputs]


def combine(evidence: Sequence[Evidence]) -> dict[str, dict[str, float]]:
    """The evidence of several crops (or tracklets) of one person as one.

    Logarithmic opinion pool (Genest and Zidek 1986, "Combining Probability Distributions") with the weight of
    n / (1 + (n - 1) `LIKENESS`) independent crops: crops of one person err alike, so ten are hardly more than two.
    """
    seen = {key: [crop[key] for crop in evidence if key in crop] for key in ATTRIBUTES}
    return {key: _pool(seen[key], values) for key, values in ATTRIBUTES.items() if seen[key]}


def decide(evidence: Sequence[Evidence]) -> dict[str, tuple[str, float]]:
    """For every attribute the most probable value and its probability; `unknown` where that is below `DECIDED`.

    Without any evidence it is `unknown` with probability 0.
    """
    combined = combine(evidence)
    return {key: _best(combined.get(key, {})) for key in ATTRIBUTES}


def _best(probabilities: Mapping[str, float]) -> tuple[str, float]:
    if not probabilities:
        return UNKNOWN, 0.0
    value = max(probabilities, key=lambda name: probabilities[name])
    return (value if probabilities[value] >= DECIDED else UNKNOWN), probabilities[value]


def _pool(seen: Sequence[Mapping[str, float]], values: Sequence[str]) -> dict[str, float]:
    table = np.array([[max(crop.get(value, 0.0), _SMALLEST) for value in values] for crop in seen])
    weight = len(seen) / (1 + (len(seen) - 1) * LIKENESS)
    logs = weight * np.log(table / table.sum(axis=1, keepdims=True)).mean(axis=0)
    likely = np.exp(logs - logs.max())
    return {value: float(share) for value, share in zip(values, likely / likely.sum(), strict=True)}
