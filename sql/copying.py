"""Binary COPY buffers built by numpy: the fastest way into PostgreSQL from Python.

A buffer is the header, the rows and the trailer of PostgreSQL's binary COPY format: each row a big-endian int16 count
of fields, each field an int32 length and its bytes. Times are microseconds since 2000-01-01, geometries EWKB (PostGIS,
extended well-known binary, little-endian, without SRID).
"""

import struct
import uuid
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.world.paths import Path
from sql.store import Connection

_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
EMPTY = _HEADER + _TRAILER
"""The buffer without rows."""
_EPOCH_2000_US = 946_684_800_000_000
_POINT, _LINESTRING_M = 1, 0x40000002
_SLICE_BYTES = 1 << 20
_LOCATION = np.dtype(
    [
        ("fields", ">i2"),
        ("person_length", ">i4"),
        ("person_id", "V16"),
        ("taken_at_length", ">i4"),
        ("taken_at", ">i8"),
        ("floor_length", ">i4"),
        ("floor", ">i2"),
        ("location_length", ">i4"),
        ("byte_order", "u1"),
        ("kind", "<u4"),
        ("xy_m", "<f8", (2,)),
        ("grid_length", ">i4"),
        ("grid_id", ">i8"),
    ]
)
_TRACK = struct.Struct(">hi16sihiqiqidi")
_LINE = struct.Struct("<BII")


def epoch_us(times_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Epoch seconds rounded to PostgreSQL's microseconds, since 1970."""
    return np.round(np.asarray(times_s) * 1e6).astype(np.int64)


def location_rows(
    person_ids: NDArray[np.void],
    taken_at_us: NDArray[np.int64],
    floors: NDArray[np.int64],
    xy_m: NDArray[np.float64],
    grid_ids: NDArray[np.int64],
) -> bytes:
    """The buffer of n rows of `person_location`: ids (n,) V16, times (n,) µs since 1970, floors (n,), (n, 2) m, cells (n,)."""
    rows = np.zeros(len(taken_at_us), dtype=_LOCATION)
    rows["fields"] = 5
    for name, size in (("person", 16), ("taken_at", 8), ("floor", 2), ("location", 21), ("grid", 8)):
        rows[f"{name}_length"] = size
    rows["person_id"] = person_ids
    rows["taken_at"] = taken_at_us - _EPOCH_2000_US
    rows["floor"] = floors
    rows["byte_order"], rows["kind"], rows["xy_m"] = 1, _POINT, xy_m
    rows["grid_id"] = grid_ids
    return _HEADER + rows.tobytes() + _TRAILER


def track_rows(tracks: Sequence[tuple[uuid.UUID, Path]]) -> bytes:
    """The buffer of one row of `person_track` for each person and path, in the given order."""
    return b"".join([_HEADER, *(_track_row(person_id, path) for person_id, path in tracks), _TRAILER])


def copy_in(connection: Connection, statement: bytes, buffer: bytes) -> None:
    """Send the buffer to a `copy .. from stdin (format binary)`."""
    with connection.cursor().copy(statement) as copy:
        for start in range(0, len(buffer), _SLICE_BYTES):
            copy.write(buffer[start : start + _SLICE_BYTES])


def _track_row(person_id: uuid.UUID, path: Path) -> bytes:
    line = _line_m(path)
    start_us, end_us = (int(us) - _EPOCH_2000_US for us in epoch_us(path.times_s[[0, -1]]))
    head = _TRACK.pack(6, 16, person_id.bytes, 2, path.floor, 8, start_us, 8, end_us, 8, path.length_m, len(line))
    return head + line


def _line_m(path: Path) -> bytes:
    points = np.column_stack([path.xy_m, path.times_s]).astype("<f8")
    if len(points) == 1:  # a line needs two points; a single sighting is a line without length or duration
        points = np.repeat(points, 2, axis=0)
    return _LINE.pack(1, _LINESTRING_M, len(points)) + points.tobytes()
