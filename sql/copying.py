"""Rows for a binary COPY, built by numpy: the fastest way into PostgreSQL from Python.

What is sent is the header, the rows and the trailer of PostgreSQL's binary COPY format: each row a big-endian int16 count
of fields, each field an int32 length and its bytes. Times are microseconds since 2000-01-01, geometries EWKB (PostGIS,
extended well-known binary, little-endian, without SRID).
"""

import itertools
import struct
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
from numpy.typing import NDArray
from psycopg.sql import Composed

from models.world.ways import Floats, Ways
from sql.store import Connection

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
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
_TRACK = np.dtype(
    [
        ("fields", ">i2"),
        ("person_size", ">i4"),
        ("person_id", "V16"),
        ("floor_size", ">i4"),
        ("floor", ">i2"),
        ("starts_at_size", ">i4"),
        ("starts_at", ">i8"),
        ("ends_at_size", ">i4"),
        ("ends_at", ">i8"),
        ("length_size", ">i4"),
        ("length_m", ">f8"),
        ("path_size", ">i4"),
        ("byte_order", "u1"),
        ("kind", "<u4"),
        ("points", "<u4"),
    ]
)
_VISIT = [
    ("fields", ">i2"),
    ("person_size", ">i4"),
    ("person_id", "V16"),
    ("section_size", ">i4"),
    ("starts_at_size", ">i4"),
    ("starts_at", ">i8"),
    ("ends_at_size", ">i4"),
    ("ends_at", ">i8"),
    ("length_size", ">i4"),
    ("length_m", ">f8"),
]


def epoch_us(times_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Epoch seconds rounded to PostgreSQL's microseconds, since 1970."""
    return np.round(np.asarray(times_s) * 1e6).astype(np.int64)


def timestamp_us(times_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Microseconds since 1970 as PostgreSQL sends them."""
    return times_us - _EPOCH_2000_US


def date_number(day: date) -> int:
    """A date as PostgreSQL sends it."""
    return (day - date(2000, 1, 1)).days


def location_rows(
    person_ids: NDArray[np.void],
    taken_at_us: NDArray[np.int64],
    floors: NDArray[np.int64],
    xy_m: NDArray[np.float64],
    grid_ids: NDArray[np.int64],
) -> bytes:
    """Rows of `person_location`: ids (n,) V16, times (n,) µs since 1970, floors (n,), (n, 2) m, cells (n,)."""
    rows = np.zeros(len(taken_at_us), dtype=_LOCATION)
    rows["fields"] = 5
    for name, size in (("person", 16), ("taken_at", 8), ("floor", 2), ("location", 21), ("grid", 8)):
        rows[f"{name}_length"] = size
    rows["person_id"] = person_ids
    rows["taken_at"] = taken_at_us - _EPOCH_2000_US
    rows["floor"] = floors
    rows["byte_order"], rows["kind"], rows["xy_m"] = 1, _POINT, xy_m
    rows["grid_id"] = grid_ids
    return rows.tobytes()


def track_rows(person_ids: NDArray[np.void], ways: Ways, unseen: Sequence[bytes] | None = None) -> bytes:
    """One row of `person_track` for each of the paths, whose persons are `person_ids` (k,) V16; with when they were `unseen`
    (k fields, `row_bytes.multiranges`) where that is known.
    """
    doubled = _with_two_points(ways)
    sizes = np.diff(doubled.edges)
    heads = np.zeros(len(ways), dtype=_TRACK)
    heads["fields"] = 6 if unseen is None else 7
    for name, size in (("person", 16), ("floor", 2), ("starts_at", 8), ("ends_at", 8), ("length", 8)):
        heads[f"{name}_size"] = size
    heads["person_id"], heads["floor"], heads["length_m"] = person_ids, ways.floors, ways.lengths_m
    heads["starts_at"], heads["ends_at"] = (epoch_us(s) - _EPOCH_2000_US for s in (ways.starts_s, ways.ends_s))
    heads["path_size"] = 9 + 24 * sizes
    heads["byte_order"], heads["kind"], heads["points"] = 1, _LINESTRING_M, sizes
    points = memoryview(np.column_stack([doubled.xy_m, doubled.times_s]).astype("<f8").tobytes())
    rows = memoryview(heads.tobytes())
    edges = (doubled.edges * 24).tolist()
    parts: list[memoryview | bytes] = []
    for number, (low, high) in enumerate(itertools.pairwise(edges)):
        parts += [rows[number * _TRACK.itemsize : (number + 1) * _TRACK.itemsize], points[low:high]]
        if unseen is not None:
            parts.append(unseen[number])
    return b"".join(parts)


def section_visit_rows(
    section_id: str,
    person_ids: NDArray[np.void],
    from_us: NDArray[np.int64],
    to_us: NDArray[np.int64],
    lengths_m: Floats,
) -> bytes:
    """Rows of `section_visit` of one section: persons (v,) V16, from when to when (v,) µs since 1970, distances (v,)."""
    name = section_id.encode()
    rows = np.zeros(len(person_ids), dtype=[*_VISIT[:4], ("section_id", f"V{len(name)}"), *_VISIT[4:]])
    rows["fields"], rows["person_size"], rows["starts_at_size"], rows["ends_at_size"] = 5, 16, 8, 8
    rows["section_size"], rows["length_size"] = len(name), 8
    rows["person_id"], rows["section_id"] = person_ids, np.void(name)
    rows["starts_at"], rows["ends_at"] = from_us - _EPOCH_2000_US, to_us - _EPOCH_2000_US
    rows["length_m"] = lengths_m
    return rows.tobytes()


def tracklet_rows(
    tracklet_ids: NDArray[np.void],
    person_ids: NDArray[np.void],
    days: NDArray[np.datetime64],
    camera_id: str,
    first_s: Floats,
    last_s: Floats,
    reason: str,
) -> bytes:
    """Rows of `person_tracklet` of one camera, each in the UTC hour of its first sight."""
    camera, why = camera_id.encode(), reason.encode()
    rows = np.zeros(len(tracklet_ids), dtype=_tracklet(len(camera), len(why)))
    rows["fields"] = 8
    for name in (rows.dtype.names or ())[2::2]:
        rows[f"{name}_size"] = rows.dtype[name].itemsize
    rows["hour"] = epoch_us(np.floor(first_s / 3600) * 3600) - _EPOCH_2000_US
    rows["tracklet_id"], rows["person_id"] = tracklet_ids, person_ids
    rows["day"] = (days - np.datetime64("2000-01-01")).astype(np.int64)
    rows["camera_id"], rows["reason"] = np.void(camera), np.void(why)
    rows["first_seen"], rows["last_seen"] = (epoch_us(s) - _EPOCH_2000_US for s in (first_s, last_s))
    return rows.tobytes()


def _tracklet(camera_bytes: int, reason_bytes: int) -> np.dtype[np.void]:
    kinds = {
        "hour": ">i8",
        "tracklet_id": "V16",
        "person_id": "V16",
        "day": ">i4",
        "camera_id": f"V{camera_bytes}",
        "first_seen": ">i8",
        "last_seen": ">i8",
        "reason": f"V{reason_bytes}",
    }
    fields = [part for name, kind in kinds.items() for part in ((f"{name}_size", ">i4"), (name, kind))]
    return np.dtype([("fields", ">i2"), *fields])


def _with_two_points(ways: Ways) -> Ways:
    """A line needs two points; a single sighting is a line without length or duration."""
    repeats = np.where(np.repeat(np.diff(ways.edges) == 1, np.diff(ways.edges)), 2, 1)
    edges = np.concatenate([[0], np.cumsum(np.maximum(np.diff(ways.edges), 2))])
    return Ways(ways.floors, edges, np.repeat(ways.times_s, repeats), np.repeat(ways.xy_m, repeats, axis=0))


def ahead(rows: Iterable[bytes]) -> Iterator[bytes]:
    """The same buffers, the next one made by a thread while the last one is sent."""
    buffers = iter(rows)
    with ThreadPoolExecutor(1) as maker:
        following = maker.submit(next, buffers, None)
        while (buffer := following.result()) is not None:
            following = maker.submit(next, buffers, None)
            yield buffer


def copy_in(connection: Connection, statement: bytes | Composed, rows: Iterable[bytes]) -> None:
    """Send rows, in any number of buffers, to a `copy .. from stdin (format binary)`."""
    with connection.cursor().copy(statement) as copy:
        copy.write(HEADER)
        for buffer in ahead(rows):
            for start in range(0, len(buffer), _SLICE_BYTES):
                copy.write(memoryview(buffer)[start : start + _SLICE_BYTES])
        copy.write(TRAILER)
