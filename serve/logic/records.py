"""The real records: the store, through a pool of read connections."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore

from models.world.errors import Busy
from models.world.periods import Window
from models.world.places import Site
from serve.logic.ports import Read
from sql import asking, audit, coverage, keys, sites, store
from sql.asking import Place, Row
from sql.catalogue import Bound, Question
from sql.coverage import CameraCoverage
from sql.keys import Caller

RETRY_AFTER_S = 10
"""When to come back for an answer that is sent while it is read."""


class StoredReading:
    """One read-only transaction."""

    def __init__(self, connection: store.Connection) -> None:
        self._connection = connection

    def site(self) -> Site:
        """The mall as loaded."""
        return sites.read(self._connection)

    def coverage(self, window: Window) -> list[CameraCoverage]:
        """Recorded and covered times of each camera."""
        return coverage.read(self._connection, window)

    def versions(self, window: Window) -> Mapping[str, list[str]]:
        """Versions by what they are of."""
        return coverage.versions(self._connection, window)

    def working(self, window: Window) -> Mapping[str, list[Window]]:
        """Times that are wanted or at work."""
        return coverage.working(self._connection, window)

    def looked(self, window: Window) -> Mapping[str, float]:
        """Pictures a second by camera."""
        return coverage.rates(self._connection, window)

    def check(self, bound: Bound) -> None:
        """Whether section and floor exist."""
        asking.check(self._connection, bound)

    def rows(self, question: Question, bound: Bound, start: Place | None) -> Generator[tuple[Place, Row], None, None]:
        """The rows of the question."""
        return asking.rows(self._connection, question, bound, start)

    def undecided(self, bound: Bound) -> int | None:
        """People whose attributes are undecided."""
        return asking.undecided(self._connection, bound)


class StoredRecords:
    """Everything that is asked of the store, each in a transaction of its own. Owns the pools it is given.

    `streams` is a pool for answers that are read while they are sent, which takes as long as the reader takes; without it these
    share the other one.
    """

    def __init__(self, pool: store.Store, streams: store.Store | None = None) -> None:
        self._pool, self._streams = pool, streams or pool
        self._free = BoundedSemaphore(self._streams.size)

    @contextmanager
    def reading(self) -> Iterator[StoredReading]:
        """A read-only transaction."""
        with self._pool.connection() as connection:
            yield StoredReading(connection)

    @contextmanager
    def streaming(self) -> Iterator[StoredReading]:
        """A read-only transaction of those that last."""
        if not self._free.acquire(blocking=False):
            raise Busy(f"{self._streams.size} answers are being sent already; come back later", RETRY_AFTER_S)
        try:
            with self._streams.connection() as connection:
                yield StoredReading(connection)
        finally:
            self._free.release()

    def record_read(self, read: Read) -> None:
        """One audit row: the only thing this login may write."""
        with self._pool.connection(read_only=False) as connection:
            audit.record(
                connection,
                who=read.who,
                action=read.action,
                question=read.question,
                inputs=read.inputs,
                outcome=read.outcome,
                request_id=read.request_id,
            )

    def caller(self, key: str) -> Caller | None:
        """Who holds this key."""
        with self._pool.connection() as connection:
            return keys.check(connection, key)

    def schema_version(self) -> str:
        """The version in the database. Raises MallError when it is not the one this code is written for."""
        with self._pool.connection() as connection:
            store.check_version(connection)
        return store.LATEST

    def close(self) -> None:
        """Give all connections back."""
        self._pool.close()
        self._streams.close()
