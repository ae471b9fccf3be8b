"""The demo's picture: the found paths of people in blue shirts below the true ones, dotted where nobody saw them."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath

import numpy as np

from models.world.paths import Floats, Path
from models.world.places import Site
from pipelines.truth import TruePerson, positions
from serve.presentation.plan import PATH_COLOURS, draw_floor, draw_ways

_LOST = "#b0b0b0"


def save(
    file: FilePath, site: Site, truth: Sequence[TruePerson], found: Mapping[str, Sequence[Path]], caption: str
) -> None:
    """Two plans, true above found; one colour for one person, grey for a found path that is nobody's."""
    from matplotlib.figure import Figure

    floor = site.floors[0]
    colours = {person.id: PATH_COLOURS[n % len(PATH_COLOURS)] for n, person in enumerate(truth)}
    figure = Figure(figsize=(10.4, 9.6), dpi=130, layout="constrained", facecolor="white")
    true_plan, found_plan = figure.subplots(2, 1, sharex=True, sharey=True)
    for axes in (true_plan, found_plan):
        draw_floor(axes, site, floor)
    draw_ways(true_plan, [(colours[p.id], [stay]) for p in truth for stay in p.stays if stay.floor == floor.id])
    draw_ways(found_plan, _coloured(truth, found, colours, floor.id))
    true_plan.set_title(f"true: {len(truth)} people in blue shirts", fontsize=10, loc="left")
    found_plan.set_title(f"answered: {len(found)} people in blue shirts", fontsize=10, loc="left")
    figure.suptitle(caption, fontsize=8, color="#666666", x=0.012, y=-0.01, ha="left", va="top")
    figure.savefig(file, bbox_inches="tight")


def _coloured(
    truth: Sequence[TruePerson], found: Mapping[str, Sequence[Path]], colours: Mapping[str, str], floor: int
) -> list[tuple[str, list[Path]]]:
    coloured = []
    for paths in found.values():
        owner = nearest_person(truth, paths)
        colour = colours[owner.id] if owner else _LOST
        coloured += [
            (colour, list(stays)) for on, stays in itertools.groupby(paths, lambda stay: stay.floor) if on == floor
        ]
    return coloured


def nearest_person(people: Sequence[TruePerson], paths: Sequence[Path], within_m: float = 1.5) -> TruePerson | None:
    """The true person who walks nearest to the found paths (median over common times), if within `within_m`."""
    distances = [_median_distance_m(person, paths) for person in people]
    if not distances or min(distances) > within_m:
        return None
    return people[int(np.argmin(distances))]


def _median_distance_m(person: TruePerson, paths: Sequence[Path]) -> float:
    apart: list[Floats] = []
    for path in paths:
        times, xy_m = positions(person, path.times_s, step_s=1.0)
        apart.append(np.linalg.norm(xy_m - path.at(times), axis=1))
    together = np.concatenate(apart) if apart else np.zeros(0)
    return float(np.median(together)) if len(together) >= 3 else float("inf")
