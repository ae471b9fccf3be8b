"""Paths as GeoJSON (RFC 7946): one LineString feature for each person and floor stay, in WGS 84, with `times`."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from models.world.errors import BadParameter
from models.world.places import Georeference
from serve.logic.desk import Answered
from serve.presentation.json_text import listed
from serve.presentation.values import plain

DEGREE_DECIMALS = 8
"""About a millimetre."""
_PATH_COLUMNS = ("person", "floor", "stay", "taken_at", "x_m", "y_m")
Stay = Sequence[tuple[Any, ...]]
"""Rows in the order of `_PATH_COLUMNS`, all of one stay."""


def feature_collection(answered: Answered) -> Iterator[str]:
    """The paths of the answer, feature by feature.

    Raises BadParameter, before any, when the rows are no paths or the plan's place on Earth is unknown.
    """
    if answered.question.result != "paths":
        raise BadParameter("format", f"{answered.question.id} has no paths to draw; ask for json or csv")
    if answered.site.georeference is None:
        raise BadParameter("format", "the site has no georeference, so GeoJSON is impossible; json and csv hold metres")
    features = (_feature(stay, answered.site.georeference) for stay in _stays(answered))
    return listed({"type": "FeatureCollection"}, "features", features)


def _stays(answered: Answered) -> Iterator[Stay]:
    names = [column.name for column in answered.columns]
    order = [names.index(name) for name in _PATH_COLUMNS]
    rows = (tuple(row[index] for index in order) for row in answered.rows)
    for _, stay in itertools.groupby(rows, key=lambda row: row[:3]):
        yield _once_each(list(stay))


def _once_each(stay: Stay) -> Stay:
    """Each moment once: pieces of a path that meet at a full hour both hold it."""
    return [row for number, row in enumerate(stay) if not number or row[3] != stay[number - 1][3]]


def _feature(stay: Stay, georeference: Georeference) -> dict[str, object]:
    # A LineString has at least two positions; somebody seen once stands still.
    line = [*stay, *stay] if len(stay) == 1 else stay
    lonlat = georeference.to_lonlat(np.array([row[4:6] for row in line], dtype=np.float64))
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": np.round(lonlat, DEGREE_DECIMALS).tolist()},
        "properties": {
            "person": plain(line[0][0]),
            "floor": line[0][1],
            "times": [plain(row[3]) for row in line],
        },
    }
