"""What is in the files: plain columns, and paths as GeoParquet 1.1 (WKB, metres on the floor plan, no CRS).

GeoParquet knows no M: a path is a two-dimensional line, and `times_s` holds the epoch second of each of its points.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from models.world.attributes import ATTRIBUTES, UNKNOWN
from sql.export import COLUMNS, Row

_TIME = pa.timestamp("us", tz="UTC")
_WKB_HEAD_BYTES = 9
_GEO = {
    "version": "1.1.0",
    "primary_column": "path",
    "columns": {"path": {"encoding": "WKB", "geometry_types": ["LineString"], "crs": None}},
}
SCHEMAS = {
    "people": pa.schema(
        [
            ("person_id", pa.string()),
            ("day", pa.date32()),
            ("first_seen", _TIME),
            ("last_seen", _TIME),
            ("distance_m", pa.float64()),
            ("version", pa.string()),
            *((key, pa.string()) for key in ATTRIBUTES),
        ]
    ),
    "paths": pa.schema(
        [
            ("person_id", pa.string()),
            ("floor", pa.int16()),
            ("starts_at", _TIME),
            ("ends_at", _TIME),
            ("length_m", pa.float64()),
            ("path", pa.binary()),
            ("times_s", pa.list_(pa.float64())),
            ("unseen", pa.list_(pa.struct([("starts_at", _TIME), ("ends_at", _TIME)]))),
        ],
        metadata={"geo": json.dumps(_GEO)},
    ),
    "positions": pa.schema(
        [
            ("person_id", pa.string()),
            ("taken_at", _TIME),
            ("floor", pa.int16()),
            ("x_m", pa.float64()),
            ("y_m", pa.float64()),
            ("grid_id", pa.int64()),
        ]
    ),
    "visits": pa.schema(
        [("person_id", pa.string()), ("section_id", pa.string()), ("starts_at", _TIME), ("ends_at", _TIME)]
    ),
    "coverage": pa.schema(
        [
            ("camera_id", pa.string()),
            ("starts_at", _TIME),
            ("ends_at", _TIME),
            ("extractor", pa.string()),
            ("reason", pa.string()),
        ]
    ),
}
"""The columns of each table. `people.day` is the mall's own; `version` names the describer; a column for each attribute."""


def arrow(table: str, rows: Sequence[Row]) -> pa.Table:
    """Rows as the database gives them (`sql.export.COLUMNS`) in the table's schema."""
    columns: dict[str, Any] = dict(zip(COLUMNS[table], zip(*rows, strict=True), strict=True))
    if table == "people":
        columns |= _by_attribute(columns.pop("attributes"))
    if table == "paths":
        columns |= _lines(columns["path"]) | {"unseen": [_spans(one) for one in columns["unseen"]]}
    schema = SCHEMAS[table]
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)


def _by_attribute(described: Sequence[dict[str, str] | None]) -> dict[str, list[str]]:
    return {key: [(one or {}).get(key, UNKNOWN) for one in described] for key in ATTRIBUTES}


def _spans(unseen: Sequence[Sequence[datetime]] | None) -> list[dict[str, datetime]] | None:
    return None if unseen is None else [{"starts_at": start, "ends_at": end} for start, end in unseen]


def _lines(paths: Sequence[bytes]) -> dict[str, Any]:
    """WKB of LineStringM as WKB of LineString, and the M of its points."""
    points = np.frombuffer(b"".join(path[_WKB_HEAD_BYTES:] for path in paths), dtype="<f8").reshape(-1, 3)
    sizes = [(len(path) - _WKB_HEAD_BYTES) // 24 for path in paths]
    lines = shapely.linestrings(points[:, :2], indices=np.repeat(np.arange(len(paths)), sizes))
    edges = np.concatenate([[0], np.cumsum(sizes)])
    times_s = pa.ListArray.from_arrays(pa.array(edges, pa.int32()), pa.array(points[:, 2]))
    return {"path": shapely.to_wkb(lines, byte_order=1), "times_s": times_s}
