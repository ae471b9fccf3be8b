"""Rows of fields that differ in length, as PostgreSQL reads them, and buffers made ahead."""

import uuid
from collections.abc import Iterator

import numpy as np
import pytest

from sql.copying import ahead, copy_in
from sql.row_bytes import FLOAT8, INT4, UUID, arrays, joined, lists, multiranges, numbers, texts, words
from sql.store import Store

IDS = [uuid.UUID(int=number) for number in (1, 2, 3)]


def test_every_kind_of_field_arrives_as_it_was(admin: Store) -> None:
    ids = np.frombuffer(b"".join(one.bytes for one in IDS), dtype="V16")
    rows = joined(
        numbers(np.array([7, -8]), ">i4"),
        words(np.array([1, 0]), ["straße", ""]),
        texts([b"\1", b"\0"]),
        arrays(np.array([1, 2, 3], dtype=">i4"), np.array([0, 1, 3]), INT4),
        arrays(np.array([0.5, 1e9, -1.0], dtype=">f8"), np.array([0, 2, 3]), FLOAT8),
        arrays(ids, np.array([0, 2, 3]), UUID),
        lists(np.array([1, 0, 1]), np.array([0, 2, 3]), ["a", "bc"]),
        multiranges([np.array([[1, 3], [5, 9]]), np.zeros((0, 2), np.int64)]),
    )
    with admin.connection() as connection:
        connection.execute(
            "create temp table t (a int4, b text, c bool, d int4[], e float8[], f uuid[], g text[], h int8multirange) on commit drop"
        )
        copy_in(connection, b"copy t from stdin (format binary)", [rows])
        found = connection.execute("select a, b, c, d, e, f, g, h::text from t").fetchall()
    assert found == [
        (7, "", True, [1], [0.5, 1e9], IDS[:2], ["bc", "a"], "{[2,3),[6,9)}"),
        (-8, "straße", False, [2, 3], [-1.0], IDS[2:], ["bc"], "{}"),
    ]


def test_buffers_made_ahead_come_in_order_and_a_failure_among_them_is_raised() -> None:
    def failing() -> Iterator[bytes]:
        yield from (b"a", b"b")
        raise ValueError("no more")

    assert list(ahead(iter([b"a", b"", b"c"]))) == [b"a", b"", b"c"]
    buffers = ahead(failing())
    assert [next(buffers), next(buffers)] == [b"a", b"b"]
    with pytest.raises(ValueError, match="no more"):
        next(buffers)
