"""Old days leave the tables that questions read: after 30 days aside, after 60 for good; legal hold wins.

Nothing is copied: a day's tables change their parent. Each step is a transaction of its own, and asks for its locks only
briefly, so that no reader waits long; a job that was killed goes on where it stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from models.world.periods import utc_day
from sql import locks
from sql.store import Connection, Store
from sql.text import statement

AHEAD = timedelta(days=62)
"""How far ahead partitions are made."""


@dataclass(frozen=True)
class Step:
    """What happens to a day of a family of tables: `move` aside, `drop`, or `delete` its people and sums."""

    action: str
    family: str
    day: date

    def __str__(self) -> str:
        return f"{self.action} {self.family} {self.day}"


def plan(connection: Connection, today: date) -> list[Step]:
    """What is to be done today."""
    return [Step(*row) for row in connection.execute(statement("retention/plan"), {"today": today})]


def run(
    store: Store, today: date, *, log: Callable[[Step], None] = lambda _: None, patience_s: float = 60.0
) -> list[Step] | None:
    """Make partitions ahead, then do all steps of today's plan; None if another one is at it.

    Raises StoreUnavailable when a table is read for longer than `patience_s`; what was done by then stays done.
    """
    with store.connection(read_only=False) as holder:
        if holder.execute(statement("retention/alone")).fetchone() != (True,):
            return None
        try:
            with store.connection() as connection:
                start = utc_day(today).start
                asked = {"start": start, "end": start + AHEAD}
                connection.execute(statement("ledger/ensure-partitions"), asked)
                steps = plan(connection, today)
            for step in steps:
                refusal = f"{step}: the table is read without pause; try again later"
                locks.patiently(partial(_retired, store, step), patience_s, refusal)
                log(step)
        finally:
            holder.execute(statement("retention/done"))
    return steps


def _retired(store: Store, step: Step) -> bool:
    """Whether the locks could be had."""
    with store.connection() as connection:
        return locks.briefly(connection, lambda: _retire(connection, step))


def _retire(connection: Connection, step: Step) -> None:
    connection.execute(statement("retention/retire"), vars(step))
