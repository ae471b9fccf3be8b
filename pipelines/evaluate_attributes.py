"""How right attributes are: people of simulated halls, described as extraction does, beside what they truly wear.

Seeds are kept apart: the network is trained on `training.pictures`, thresholds are chosen on `TUNING`, and what is reported is of
`REPORTING`, whose halls, people, poses and lights nothing was chosen on.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np

from models.vision import detector as detectors
from models.vision.describer import WEIGHTS, Describer, Values, require, told_by
from models.vision.weights import resolve
from models.world.attributes import COLOURS, DEFINED, UNKNOWN
from models.world.errors import BadInput
from pipelines import attribute_pictures
from pipelines.described_people import Told, describe_hall
from pipelines.simulator.moments import HallSize, open_hall

TUNING, REPORTING = (901, 902, 903), (911, 912, 913)
"""Seeds of the halls on which thresholds were chosen, and of those that are reported."""
TRAINED_ON = frozenset({1, 2, 3, 4, 1001, 1002, 1003, 1004})
"""Seeds of the pictures that the shipped networks learned from or were chosen by: nothing may be reported on them."""
LIGHTS: Mapping[str, float] = MappingProxyType({"usual": 0.05, "other": 0.15})
"""How far the exposures of cameras differ (standard deviation; white balances a third of it)."""
HALLS = 4
"""Halls of each seed."""
DETECTOR = "mall-people"
Progress = Callable[[int, int], None]
Result = dict[str, Any]


def evaluate_attributes(
    *,
    seeds: Sequence[int] = REPORTING,
    light: str = "usual",
    halls: int = HALLS,
    size: HallSize = HallSize(),  # noqa: B008
    weights: str | Path = WEIGHTS,
    json_out: Path | None = None,
    pictures_out: Path | None = None,
    progress: Progress | None = None,
) -> Result:
    """Describe the people of `halls` halls of each seed, write scores and pictures, and return the scores; percent.

    `right` is the share of people about whom the truth was told, unknown counting as wrong; `told` that about whom anything
    was; both as mean and spread (standard deviation) over seeds. Raises BadInput for a light that is none and for seeds that the
    weights were trained on.
    """
    spread = _light(light)
    _refuse_known(seeds)
    values = _values_of(weights)
    detector, describer = detectors.load(DETECTOR), Describer(weights, keys=values)
    cv2.setNumThreads(1)
    by_seed: dict[int, list[Told]] = {seed: [] for seed in seeds}
    for done, seed in enumerate(seed for seed in seeds for _ in range(halls)):
        hall = open_hall((seed, done % halls), size, light=spread)
        people = list(describe_hall(hall, f"{seed}-{done % halls + 1}", detector, describer, values))
        by_seed[seed] += [Told(one, key, *one.decided(values)[key]) for one in people for key in values]
        if progress is not None:
            progress(done + 1, len(seeds) * halls)
    result = scores(by_seed, values) | {"light": light, "weights": resolve(weights).sha256, "seeds": list(seeds)}
    if json_out is not None:
        json_out.write_text(json.dumps(result, indent=2) + "\n")
    if pictures_out is not None:
        attribute_pictures.save(pictures_out, [told for seed in seeds for told in by_seed[seed]], values)
    return result


def scores(by_seed: Mapping[int, Sequence[Told]], values: Values) -> Result:
    """The shares of each attribute, and of all colours together as `colours`."""
    groups: dict[str, tuple[str, ...]] = {key: (key,) for key in values}
    coloured = tuple(key for key, names in values.items() if tuple(names) == COLOURS)
    if coloured:
        groups = {"colours": coloured, **groups}
    return {name: _scores(by_seed, keys) for name, keys in groups.items()}


def _scores(by_seed: Mapping[int, Sequence[Told]], keys: Sequence[str]) -> Result:
    seeds = [[told for told in people if told.key in keys] for people in by_seed.values()]
    right = [_share([told.right for told in people]) for people in seeds]
    given = [_share([told.value != UNKNOWN for told in people]) for people in seeds]
    everybody = [told for people in seeds for told in people]
    sure = [told for told in everybody if told.value != UNKNOWN]
    return {
        "right": round(float(np.mean(right)), 2),
        "right_spread": round(float(np.std(right)), 2),
        "right_by_seed": [round(share, 2) for share in right],
        "told": round(float(np.mean(given)), 2),
        "right_of_told": round(_share([told.right for told in sure]), 2),
        "calibration_error": round(calibration_error(sure), 2),
        "people": len(everybody) // len(keys),
    }


def calibration_error(told: Sequence[Told]) -> float:
    """By how many points confidence and truth differ, in the mean over ten equal bins of confidence weighted by their people
    (expected calibration error; Naeini et al. 2015).
    """
    if not told:
        return 0.0
    confidence, right = np.array([one.confidence for one in told]), np.array([one.right for one in told], dtype=float)
    number = np.minimum((confidence * 10).astype(int), 9)
    gaps = [abs(float((confidence[number == n] - right[number == n]).sum())) for n in range(10)]
    return 100 * sum(gaps) / len(told)


def _share(answers: Sequence[bool]) -> float:
    return 100 * float(np.mean(answers)) if answers else 0.0


def _light(name: str) -> float:
    if name not in LIGHTS:
        raise BadInput(f"there is no light {name!r}; known: {', '.join(LIGHTS)}")
    return LIGHTS[name]


def _refuse_known(seeds: Sequence[int]) -> None:
    known = sorted(TRAINED_ON & set(seeds))
    if known or len(set(seeds)) != len(seeds) or not seeds:
        raise BadInput(
            f"seeds to measure on are different ones that nothing was trained on (not {sorted(TRAINED_ON)}); got {list(seeds)}"
        )


def _values_of(weights: str | Path) -> dict[str, tuple[str, ...]]:
    """The defined attributes, in whatever state, that the weights tell. Raises BadInput if they tell none."""
    told = told_by(weights)
    values = {key: names for key, names in DEFINED.items() if told.get(key) == len(names)}
    if not values:
        require(told, DEFINED, weights)
    return values
