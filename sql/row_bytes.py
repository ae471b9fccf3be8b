"""Columns as rows for a binary COPY, where fields differ in length: each column is a list of fields, joined row by row."""

import itertools
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Fields = Sequence[bytes]
INT4, TEXT, FLOAT8, UUID = 23, 25, 701, 2950
"""PostgreSQL's numbers of types, for arrays."""
_RANGE = np.dtype(
    [
        ("size", ">i4"),
        ("bounds_included", "u1"),
        ("low_size", ">i4"),
        ("low", ">i8"),
        ("high_size", ">i4"),
        ("high", ">i8"),
    ]
)


def numbers(values: NDArray[np.generic], kind: str) -> list[bytes]:
    """Fields of a big-endian type, such as `>i4`."""
    fields = np.zeros(len(values), dtype=[("size", ">i4"), ("value", kind)])
    fields["size"], fields["value"] = fields.dtype["value"].itemsize, values
    return list(fields.view(f"V{fields.itemsize}").tolist())


def texts(octets: Sequence[bytes]) -> list[bytes]:
    """Fields as they are."""
    return [_field(one) for one in octets]


def words(codes: NDArray[np.int64], names: Sequence[str]) -> list[bytes]:
    """Fields of text, given by its number among the names."""
    fields = texts([name.encode() for name in names])
    return [fields[code] for code in codes.tolist()]


def arrays(values: NDArray[np.generic], edges: NDArray[np.int64], of_type: int) -> list[bytes]:
    """Fields of one-dimensional arrays without nulls; array i is `values[edges[i]:edges[i + 1]]`, big-endian already."""
    elements = np.zeros(len(values), dtype=[("size", ">i4"), ("value", values.dtype)])
    elements["size"], elements["value"] = values.dtype.itemsize, values
    octets, size = elements.tobytes(), elements.itemsize
    return [
        _field(struct.pack(">iiiii", 1, 0, of_type, high - low, 1) + octets[low * size : high * size])
        for low, high in itertools.pairwise(edges.tolist())
    ]


def lists(codes: NDArray[np.int64], edges: NDArray[np.int64], names: Sequence[str]) -> list[bytes]:
    """Fields of one-dimensional arrays of texts, given by their numbers among the names."""
    fields = words(codes, names)
    return [
        _field(struct.pack(">iiiii", 1, 0, TEXT, high - low, 1) + b"".join(fields[low:high]))
        for low, high in itertools.pairwise(edges.tolist())
    ]


def multiranges(bounds: Sequence[NDArray[np.int64]]) -> list[bytes]:
    """Fields of multiranges of 8-byte numbers or times, one for each (m, 2) array of bounds: open ranges, in order and apart."""
    fields = []
    for low_high in bounds:
        ranges = np.zeros(len(low_high), dtype=_RANGE)
        ranges["size"], ranges["low_size"], ranges["high_size"] = _RANGE.itemsize - 4, 8, 8
        ranges["low"], ranges["high"] = low_high[:, 0], low_high[:, 1]
        fields.append(_field(struct.pack(">i", len(ranges)) + ranges.tobytes()))
    return fields


def joined(*columns: Fields) -> bytes:
    """The rows, without header and trailer."""
    head = struct.pack(">h", len(columns))
    return b"".join(itertools.chain.from_iterable(zip(itertools.repeat(head), *columns, strict=False)))


def _field(octets: bytes) -> bytes:
    return struct.pack(">i", len(octets)) + octets
