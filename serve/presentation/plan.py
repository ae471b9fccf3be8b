"""The floor plan as a picture: outline, sections, what the cameras see, and paths drawn on top.

Colours of the eight path hues: Okabe and Ito (2008), told apart by colour-blind readers too.
"""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from models.world.paths import Path
from models.world.places import Camera, Floats, Floor, Site
from models.world.views import seen_floor

PATH_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#5C6B73")
_INK, _PAPER, _SECTION, _VIEW = "#2b2f36", "#fbfaf7", "#e9e4d8", "#8aa4b8"


def draw_floor(axes: Axes, site: Site, floor: Floor) -> None:
    """The empty plan of one floor in metres, with its sections named and its cameras' views shaded."""
    axes.add_patch(Polygon(floor.outline, closed=True, facecolor=_PAPER, edgecolor=_INK, linewidth=1.4, zorder=0))
    for section in (section for section in site.sections if section.floor == floor.id):
        _draw_section(axes, section.polygon, section.name)
    for camera in (camera for camera in site.cameras if camera.floor == floor.id):
        _draw_view(axes, camera, floor)
    corners = np.array(floor.outline)
    axes.set_xlim(corners[:, 0].min() - 0.6, corners[:, 0].max() + 0.6)
    axes.set_ylim(corners[:, 1].min() - 0.6, corners[:, 1].max() + 0.6)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=7, colors="#777777", length=2)
    axes.spines[:].set_visible(False)


def draw_ways(axes: Axes, ways: Iterable[tuple[str, Sequence[Path]]]) -> None:
    """Each way in its colour, with a dot where it begins and an arrow head where it ends: stays of one person, one after the
    other, dotted in between, where nobody saw them.
    """
    for colour, stays in ways:
        for stay in stays:
            axes.plot(*stay.xy_m.T, color=colour, linewidth=1.6, solid_capstyle="round", zorder=3)
        for before, after in itertools.pairwise(stays):
            unseen = np.vstack([before.xy_m[-1], after.xy_m[0]])
            axes.plot(*unseen.T, color=colour, linewidth=1.1, linestyle=(0, (1, 3)), zorder=3)
        axes.plot(*stays[0].xy_m[0], "o", color=colour, markersize=4, zorder=4)
        _draw_end(axes, stays[-1].xy_m, colour)


def _draw_section(axes: Axes, polygon: Sequence[tuple[float, float]], name: str) -> None:
    axes.add_patch(Polygon(polygon, closed=True, facecolor=_SECTION, edgecolor="none", zorder=0.5))
    x, y = np.mean(polygon, axis=0)
    axes.text(x, y, name, ha="center", va="center", fontsize=7, color="#8c8470", zorder=1)


def _draw_view(axes: Axes, camera: Camera, floor: Floor) -> None:
    seen = seen_floor(camera, floor)
    if len(seen) >= 3 and camera.calibration is not None:
        axes.add_patch(
            Polygon(seen, closed=True, facecolor=_VIEW, alpha=0.07, edgecolor=_VIEW, linewidth=0, zorder=0.7)
        )
        x, y = camera.calibration.to_floor(np.array([[camera.width_px / 2, camera.height_px]]))[0]
        axes.text(x, y, camera.id, fontsize=6, color="#5b7488", ha="center", va="center", zorder=2)


def _draw_end(axes: Axes, xy_m: Floats, colour: str) -> None:
    steps = np.linalg.norm(xy_m - xy_m[-1], axis=1)
    behind = xy_m[np.flatnonzero(steps > 0.3)[-1]] if (steps > 0.3).any() else None
    if behind is None:
        return
    axes.annotate(
        "",
        xy_m[-1],
        behind,
        arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0},
    )
