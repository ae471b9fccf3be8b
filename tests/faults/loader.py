"""Loads in processes of their own, to be killed: the same slice with few guests or with all."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import Any, Literal

from cluster.embedded.daemons import until
from models.world.errors import StoreUnavailable
from sql.store import Store
from tests.faults.night import DAY, GUESTS, HOURS, Guest, load_day, load_hour

BUSY_HOUR = HOURS[24 + 10]
LEASE_S, PATIENCE_S = 0.05, 60.0
"""A lease runs out at once, so that the next load need not wait; nobody else claims meanwhile."""
Kind = Literal["day", "hour"]


@dataclass(frozen=True)
class Load:
    """A slice: the whole night in bulk, or the hour of hal, tom and pat."""

    kind: Kind
    has_all: bool

    @property
    def guests(self) -> Sequence[Guest]:
        return GUESTS if self.has_all else GUESTS[:5:2]

    @property
    def other(self) -> "Load":
        return Load(self.kind, not self.has_all)

    def once(self, store: Store) -> None:
        """Load it; waits while somebody else holds it."""
        assert until(lambda: self._claimed(store), PATIENCE_S, 0.01)

    def _claimed(self, store: Store) -> bool:
        if self.kind == "day":
            return load_day(store, DAY, self.guests, LEASE_S)
        return load_hour(store, BUSY_HOUR, self.guests, LEASE_S)


def here(load: Load, dsn: str) -> None:
    """Load it in this process."""
    with Store(dsn, role="ingest", size=3) as store:
        load.once(store)


class Mortal(Store):
    """Ends its process without a word before its `dies_at`th statement or commit; 0: never. `count` says how many there were."""

    def __init__(self, dsn: str, dies_at: int) -> None:
        super().__init__(dsn, role="ingest", size=3)
        self._dies_at, self.count = dies_at, 0
        self._counting = threading.Lock()

    @contextmanager
    def connection(self, *, read_only: bool | None = None) -> Iterator[Any]:
        with super().connection(read_only=read_only) as connection:
            yield Counted(connection, self.tick)
            self.tick()

    def tick(self) -> None:
        with self._counting:
            self.count += 1
            if self.count == self._dies_at:
                os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Counted:
    """A connection that tells of each statement before it goes out."""

    connection: Any
    tick: Callable[[], None]

    def execute(self, *statement: Any) -> Any:
        self.tick()
        return self.connection.execute(*statement)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


class Loader:
    """A process that loads once, from the moment on that it is made; it may die by itself (`Mortal`)."""

    def __init__(self, load: Load, dsn: str, dies_at: int = 0) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._told, telling = context.Pipe(duplex=False)
        self._process = context.Process(target=_load, args=(load, dsn, telling, dies_at), daemon=True)
        self._process.start()
        telling.close()
        assert self._told.poll(PATIENCE_S)
        assert self._told.recv() == "begins"

    def ended_within(self, seconds: float) -> bool:
        """Whether it has ended by then, well or not."""
        self._process.join(seconds)
        return self._process.exitcode is not None

    def statements(self) -> int:
        """How many it needed to load in peace."""
        return int(self._told.recv())

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._told.close()


def _load(load: Load, dsn: str, telling: Pipe, dies_at: int) -> None:
    with Mortal(dsn, dies_at) as store:
        telling.send("begins")
        with suppress(StoreUnavailable):  # its server was killed
            load.once(store)
        telling.send(store.count)
