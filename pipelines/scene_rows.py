"""Results over several seeds as rows of a table, one for each simulated scene."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from models.world.errors import BadInput
from pipelines.evaluate import Result

Kind = TypeVar("Kind")
Report = Callable[[float, float], None]
HEADER = f"{'scene':20}{'seeds':>6}{'IDF1':>8}{'+-':>6}{'least':>8}{'MOTA':>8}{'ids':>7}{'true':>7}{'core-s':>9}"


@dataclass(frozen=True)
class Row:
    """The results of one scene, one for each seed."""

    scene: str
    results: tuple[Result, ...]

    def __str__(self) -> str:
        idf1, mota, ids, true_ids, core_s = (
            np.array([float(result[name] or 0.0) for result in self.results])
            for name in ("idf1_1m", "mota_1m", "ids", "true_ids", "core_s")
        )
        spread = idf1.std(ddof=1) if len(idf1) > 1 else 0.0
        return (
            f"{self.scene:20}{len(idf1):6}{idf1.mean():8.1f}{spread:6.1f}{idf1.min():8.1f}{mota.mean():8.1f}"
            f"{ids.mean():7.0f}{true_ids.mean():7.0f}{core_s.mean():9.0f}"
        )


def measured(
    scene: str, scenes: Mapping[str, Kind], seeds: Sequence[int], result: Callable[[Kind, int], Result], report: Report
) -> Row:
    """The `result` of a scene with each of the seeds. Raises BadInput for a scene that there is not."""
    if scene not in scenes:
        raise BadInput(f"there is no scene {scene!r}; known: {', '.join(scenes)}")
    results = []
    for number, seed in enumerate(seeds, 1):
        results.append(result(scenes[scene], seed))
        report(number, len(seeds))
    return Row(scene, tuple(results))
