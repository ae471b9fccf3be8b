"""Somebody who reads all the time, and to whom a slice must be the old one or the new one, never a part."""

import hashlib
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from models.world.errors import StoreUnavailable
from sql import asking
from sql.catalogue import Catalogue
from sql.store import Connection, Store
from tests.faults.night import MIDNIGHT
from tests.sql.mall import SITE
from tests.sql.test_people import TABLES

State = Mapping[str, str]
WINDOW = {"from": MIDNIGHT.isoformat(), "to": MIDNIGHT.replace(day=26).isoformat()}
ASKED: Mapping[str, Mapping[str, Any]] = {
    "people": {**WINDOW, "attribute": ["shirt:blue"]},
    "paths": WINDOW,
    "footfall": WINDOW,
    "visitors": WINDOW,
    "average-distance": {**WINDOW, "section": "food-court"},
}


def tables(connection: Connection) -> State:
    """What is in each table that a load writes, as digests; without the ledger, which tells of claims."""
    read = {name: query for name, query in TABLES.items() if name != "load_ledger"}
    return {name: _digest(connection.execute(query.encode()).fetchall()) for name, query in read.items()}


def answers(store: Store) -> State:
    """What questions are answered, as digests."""
    told = {}
    for question_id, inputs in ASKED.items():
        question = Catalogue.load().question(question_id)
        with store.connection() as connection:
            rows = asking.ask(connection, question, question.bind(inputs, SITE.time_zone)).rows
        told[question_id] = _digest(sorted(rows, key=repr))
    return told


def state(store: Store) -> State:
    """All that a reader can see: in one moment all tables; then the answers."""
    with store.connection() as connection:
        connection.execute("set transaction isolation level repeatable read")
        seen = tables(connection)
    return {**seen, **answers(store)}


class Watcher:
    """Reads within its `with` block. `at_once` says whether a moment shows all tables of the same slice.

    A day in bulk is frozen: whoever looked before it was swapped in may see its paths beside older sums until their
    transaction ends, but never a part of its paths.
    """

    def __init__(self, dsn: str, allowed: Sequence[State], at_once: bool) -> None:
        self.looks, self.wrong = 0, list[str]()
        self._dsn, self._allowed, self._at_once = dsn, allowed, at_once
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_and_look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look_and_look(self) -> None:
        with Store(self._dsn, role="read", size=1) as store:
            while not self._ended.is_set():
                with suppress(StoreUnavailable):  # its server was killed
                    self._judge(state(store))

    def _judge(self, seen: State) -> None:
        self.looks += 1
        self.wrong += [name for name, digest in seen.items() if digest not in {one[name] for one in self._allowed}]
        together = {name: seen[name] for name in TABLES if name in seen}
        if self._at_once and not any(together.items() <= one.items() for one in self._allowed):
            self.wrong.append("tables of different slices")


def _digest(rows: Any) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]
