"""Locks that keep readers out, asked for briefly and again: whoever waits for such a lock makes all readers behind it wait too.

And locks on work that is nobody's table: who has one is alone at it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from psycopg import errors

from models.world.errors import StoreUnavailable
from sql.store import Connection, Store
from sql.text import statement

PAUSE_S = 0.25
"""How long readers have the tables for themselves between two attempts."""


def briefly(connection: Connection, work: Callable[[], None]) -> bool:
    """Do the work in a (nested) transaction that waits 0.2 s for a lock at the most; whether the locks could be had."""
    try:
        with connection.transaction():
            connection.execute("set local lock_timeout = '200ms'")
            work()
    except errors.LockNotAvailable:
        return False
    return True


def patiently(attempt: Callable[[], bool], patience_s: float, refusal: str) -> None:
    """Make attempts until one succeeds. Raises StoreUnavailable with the refusal if none has after `patience_s`."""
    give_up = time.monotonic() + patience_s
    while not attempt():
        if time.monotonic() > give_up:
            raise StoreUnavailable(refusal)
        time.sleep(PAUSE_S)


@contextmanager
def alone(store: Store, work: str, number: int = 0) -> Iterator[bool]:
    """Whether nobody else is at the work, of that number where there are several; then nobody is until the end of the block."""
    key = {"work": work, "number": number}
    with store.connection() as holder:
        if holder.execute(statement("locks/take"), key).fetchone() != (True,):
            yield False
            return
        try:
            yield True
        finally:
            holder.execute(statement("locks/leave"), key)
