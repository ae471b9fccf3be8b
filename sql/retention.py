"""Old days leave the tables that questions read: after 30 days aside, after 60 for good, like their video; legal hold wins.

Nothing is copied: a day's tables change their parent. Each step is a transaction of its own, and asks for its locks only
briefly, so that no reader waits long; a job that was killed goes on where it stopped.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from models.world.periods import utc_day
from models.world.places import Segment
from sql import locks
from sql.store import Connection, Store
from sql.text import statement
from sql.videos import segment_of

AHEAD = timedelta(days=62)
"""How far ahead partitions are made."""
KEPT = timedelta(days=60)
"""How long anything is kept."""


@dataclass(frozen=True)
class Step:
    """What happens to a day of a family of tables or objects: `move` aside, `drop`, `delete`, `forget` or `export`."""

    action: str
    family: str
    day: date

    def __str__(self) -> str:
        return f"{self.action} {self.family} {self.day}"


def plan(connection: Connection, today: date) -> list[Step]:
    """What is to be done today in the tables of people: move, drop and delete."""
    return [Step(*row) for row in connection.execute(statement("retention/plan"), {"today": today})]


def outlived(connection: Connection, today: date) -> list[Segment]:
    """Video of which nothing may be kept any longer, by start."""
    return [segment_of(row) for row in connection.execute(statement("retention/outlived"), {"today": today})]


def forget(connection: Connection, segments: Sequence[Segment]) -> None:
    """Delete the rows of video whose objects are gone; what is young or on legal hold stays."""
    connection.execute(statement("retention/forget-segments"), {"segment_ids": [one.segment_id for one in segments]})


def is_held(connection: Connection, day: date) -> bool:
    """Whether the day (UTC) is on legal hold."""
    return connection.execute(statement("retention/is-held"), {"day": day}).fetchone() == (True,)


def is_done(connection: Connection, today: date) -> bool:
    """Whether today's retention was done to its end."""
    return connection.execute(statement("retention/is-done"), {"today": today}).fetchone() == (True,)


def note_done(connection: Connection, today: date) -> None:
    """Today's retention was done to its end."""
    connection.execute(statement("retention/note-done"), {"today": today})


def make_ahead(connection: Connection, today: date) -> None:
    """Make the partitions of the days to come."""
    start = utc_day(today).start
    connection.execute(statement("ledger/ensure-partitions"), {"start": start, "end": start + AHEAD})


def alone(store: Store) -> AbstractContextManager[bool]:
    """Whether nobody else is at it; then nobody is until the end of the block."""
    return locks.alone(store, "mall retention")


def retire(store: Store, step: Step, patience_s: float) -> None:
    """Do a step of the plan. Raises StoreUnavailable when a table is read for longer than `patience_s`."""
    refusal = f"{step}: the table is read without pause; try again later"
    locks.patiently(partial(_retired, store, step), patience_s, refusal)


def _retired(store: Store, step: Step) -> bool:
    """Whether the locks could be had."""
    with store.connection() as connection:
        return locks.briefly(connection, lambda: _retire(connection, step))


def _retire(connection: Connection, step: Step) -> None:
    connection.execute(statement("retention/retire"), vars(step))
