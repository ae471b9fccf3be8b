"""Describer: what people wear, as probabilities per crop, and the decision over many crops.

A small network finds where a crop shows shirt and trousers; what colours those are called is not learned but defined
(`colours`), and only turned by the light that floor and skin show. What is no colour (shoes, bag, hat) is told by a band of the crop,
with the face's mean colour for comparison. Only what the registry approves is told (`models.world.attributes`).
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.vision.colours import name_pixels, to_lab
from models.vision.crops import person_height
from models.vision.weights import resolve
from models.world.attributes import ATTRIBUTES, DEFINED, REGISTRY, UNKNOWN
from models.world.errors import BadInput

Bytes = NDArray[np.uint8]
Evidence = Mapping[str, Mapping[str, float]]
"""By attribute the probability of each value, sum 1; an attribute of which nothing is seen is missing."""
Values = Mapping[str, Sequence[str]]
"""By attribute its values."""
WEIGHTS = "mall-describer"
DECIDED = 0.5
"""A value less probable than this is unknown."""
LIKENESS = 0.5
"""How much two crops of one person repeat each other (correlation of their errors), 0 to 1."""
WIDTH, HEIGHT = 48, 96
"""The size, px, in which the network sees a crop."""
_SMALLEST = 1e-3


class Describer:
    """Describes crops cut by `crops.crop`, on `threads` CPU threads. Holds the network: ours, or that of a folder.

    It tells the attributes of `keys`, the approved ones, and of each only where a person is as high as the registry asks; what else
    the network knows stays untold. Raises what `weights.resolve` raises, and BadInput for a network that was not trained for `keys`.
    """

    def __init__(
        self, weights: str | Path = WEIGHTS, *, threads: int = 1, keys: Collection[str] = tuple(ATTRIBUTES)
    ) -> None:
        import openvino

        self._network: Any = openvino.Core().compile_model(
            resolve(weights).path / f"{WEIGHTS}.xml",
            "CPU",
            {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": threads},
        )
        self._told = {key: values for key, values in DEFINED.items() if key in keys}
        require(_told(self._network), self._told, weights)

    def describe(self, crops_bgr: Sequence[Bytes]) -> list[dict[str, dict[str, float]]]:
        """The evidence of each crop, uint8 (h, w, 3) BGR; nothing of what the person is too small for."""
        return [self._describe(crop) for crop in crops_bgr]

    def _describe(self, crop: Bytes) -> dict[str, dict[str, float]]:
        told = [key for key in self._told if crop.size and person_height(crop) >= REGISTRY[key].min_height_px]
        if not told:
            return {}
        small = np.asarray(cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        seen = self._network([part.transpose(2, 0, 1)[None] for part in (to_lab(small), name_pixels(small))])
        return {
            key: {value: float(share) for value, share in zip(self._told[key], seen[key][0], strict=True)}
            for key in told
        }


def told_by(weights: str | Path = WEIGHTS) -> dict[str, int]:
    """By attribute, how many values the describer's weights tell apart. Raises what `weights.resolve` raises."""
    import openvino

    return _told(openvino.Core().read_model(resolve(weights).path / f"{WEIGHTS}.xml"))


def require(told: Mapping[str, int], wanted: Mapping[str, Sequence[str]], weights: str | Path = WEIGHTS) -> None:
    """Raise BadInput unless the weights, which tell `told`, tell all wanted attributes with their values."""
    lacking = [f"{key} ({len(values)} values)" for key, values in wanted.items() if told.get(key) != len(values)]
    if lacking:
        known = ", ".join(f"{key} ({count} values)" for key, count in told.items())
        raise BadInput(
            f"the weights {weights} tell {known or 'no attributes'}, and not {', '.join(lacking)}: "
            "train them for these attributes (mall train describer)"
        )


def _told(network: Any) -> dict[str, int]:
    named = [answer for answer in network.outputs if answer.get_names()]
    return {answer.get_any_name(): answer.partial_shape[1].get_length() for answer in named}


def combine(evidence: Sequence[Evidence], values: Values = ATTRIBUTES) -> dict[str, dict[str, float]]:
    """The evidence of several crops (or tracklets) of one person as one, for the attributes of `values`.

    Logarithmic opinion pool (Genest and Zidek 1986, "Combining Probability Distributions") with the weight of
    n / (1 + (n - 1) `LIKENESS`) independent crops: crops of one person err alike, so ten are hardly more than two.
    """
    seen = {key: [crop[key] for crop in evidence if key in crop] for key in values}
    return {key: _pool(seen[key], names) for key, names in values.items() if seen[key]}


def decide(evidence: Sequence[Evidence], values: Values = ATTRIBUTES) -> dict[str, tuple[str, float]]:
    """For every attribute the most probable value and its probability; `unknown` where that is below `DECIDED`.

    Without any evidence it is `unknown` with probability 0.
    """
    combined = combine(evidence, values)
    return {key: _best(combined.get(key, {})) for key in values}


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
