"""Loads that are killed anywhere, with or without their server: what is left is what a load in peace leaves."""

import itertools
import os
import random
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import psycopg
import pytest

from cluster.embedded.postgres import PostgresServer
from sql import store
from sql.store import Store
from tests.conftest import Database
from tests.faults.loader import Kind, Load, Loader, here
from tests.faults.night import opened
from tests.faults.watcher import State, Watcher, state

LOADER, SERVER = "loader", "server"
_numbers = itertools.count()


@pytest.fixture
def night(database: Database) -> Database:
    """The mall of the known night in the run's server."""
    return opened(database)


@pytest.fixture
def durable_night(durable: PostgresServer) -> Iterator[Database]:
    """The same in a server that bears being killed."""
    name = f"night{next(_numbers)}"
    dsn = durable.create_database(name)
    store.migrate(dsn, ahead=timedelta(0))
    dsns = store.make_logins(dsn)
    yield opened(Database(dsns["admin"], dsns["ingest"], dsns["read"]))
    with psycopg.connect(durable.dsn(), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)".encode())


def besiege(database: Database, server: PostgresServer | None, kind: Kind, victims: Sequence[str], seed: int) -> int:
    """Load few guests in the place of all, all in the place of few, .., each time killed once and then done in peace.

    How many kills came before the load had ended.
    """
    few, everybody = Load(kind, has_all=False), Load(kind, has_all=True)
    undisturbed, took_s = {}, 0.0
    with Store(database.read_dsn, role="read", size=1) as read:
        for load in (few, everybody):
            took_s = in_peace(load, database.ingest_dsn)
            undisturbed[load] = state(read)
    assert undisturbed[few] != undisturbed[everybody]
    moments, load, interrupted = random.Random(seed), few, 0
    with Watcher(database.read_dsn, list(undisturbed.values()), at_once=kind == "hour") as watcher:
        for victim in victims:
            interrupted += killed(load, database.ingest_dsn, moments.uniform(0, took_s), victim, server)
            recover(load, database, undisturbed)
            load = load.other
    here(load, database.ingest_dsn)
    assert watcher.wrong == []
    assert watcher.looks > len(victims)
    assert left_behind(database) == []
    return interrupted


def recover(load: Load, database: Database, undisturbed: Mapping[Load, State]) -> None:
    """After the death of a load all is as before or as after it; and as after it when it is done again."""
    with Store(database.read_dsn, role="read", size=1) as read:
        assert state(read) in undisturbed.values()
        here(load, database.ingest_dsn)
        assert state(read) == undisturbed[load]


def in_peace(load: Load, dsn: str) -> float:
    """Seconds that it takes in a process of its own."""
    loader, began = Loader(load, dsn), time.monotonic()
    assert loader.ended_within(60)
    return time.monotonic() - began


def killed(load: Load, dsn: str, after_s: float, victim: str, server: PostgresServer | None) -> bool:
    """Whether the load was still at work."""
    loader = Loader(load, dsn)
    was_at_work = not loader.ended_within(after_s)
    if victim == SERVER:
        assert server is not None
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        server.start()
    loader.kill()
    return was_at_work


def left_behind(database: Database) -> list[str]:
    """Tables made aside that nobody swapped in."""
    with psycopg.connect(database.admin_dsn) as connection:
        rows = connection.execute("select relname from pg_class where relname ~ '_aside_' and relkind = 'r'")
        return [name for (name,) in rows]


@pytest.mark.parametrize("kind", ["day", "hour"])
def test_a_slice_whose_loader_is_killed_is_loaded_again_as_if_nothing_had_been(night: Database, kind: Kind) -> None:
    assert besiege(night, None, kind, [LOADER] * 6, seed=5) > 0


def test_a_slice_whose_server_is_killed_is_loaded_again_as_if_nothing_had_been(
    durable: PostgresServer, durable_night: Database
) -> None:
    assert besiege(durable_night, durable, "day", [SERVER, LOADER, SERVER], seed=5) > 0


@pytest.mark.parametrize("kind", ["day", "hour"])
@pytest.mark.parametrize(
    "apart",
    [
        pytest.param(20, id="some"),
        pytest.param(1, id="all", marks=[pytest.mark.faults, pytest.mark.timeout(1800)]),
    ],
)
def test_a_loader_that_dies_before_a_statement_has_changed_nothing(night: Database, kind: Kind, apart: int) -> None:
    """Before each of the last seven, where tables change places, and before some or all others."""
    few, everybody, undisturbed = Load(kind, has_all=False), Load(kind, has_all=True), {}
    with Store(night.read_dsn, role="read", size=1) as read:
        for load in (few, everybody):
            loader = Loader(load, night.ingest_dsn)
            assert loader.ended_within(60)
            undisturbed[load] = state(read)
        statements, load = loader.statements(), few
        for moment in [*range(1, statements - 6, apart), *range(statements - 6, statements + 1)]:
            loader = Loader(load, night.ingest_dsn, dies_at=moment)
            assert loader.ended_within(60)
            assert state(read) == undisturbed[load.other], f"statement {moment} of {statements}"
            recover(load, night, undisturbed)
            load = load.other


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["day", "hour"])
def test_a_hundred_kills_leave_what_peace_leaves(durable: PostgresServer, durable_night: Database, kind: Kind) -> None:
    victims = random.Random(1).choices([LOADER, SERVER], weights=[2, 1], k=100)
    assert besiege(durable_night, durable, kind, victims, seed=2) > 50
