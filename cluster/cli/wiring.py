"""What several commands need to open: settings, the store, the site, and times as the site reads them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from models.world.errors import BadInput, BadWindow
from models.world.periods import Window, read_time

if TYPE_CHECKING:
    from models.world.places import Site
    from sql.store import Store

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Before all video."""


@contextmanager
def open_store(role: Literal["admin", "ingest", "read"]) -> Iterator["Store"]:
    """The store as this role, of the schema that this program needs. Raises NotInstalled before `mall up`."""
    from cluster.settings import Settings
    from sql import store

    settings = Settings.load()
    dsn = settings.needed(f"database_{role}")
    with store.Store(dsn, role=role, statement_timeout_s=settings.statement_timeout_s) as opened:
        with opened.connection() as connection:
            store.check_version(connection)
        yield opened


def read_site(opened: "Store") -> "Site":
    """The site as it is now. Raises NotFound before one is loaded."""
    from sql import sites

    with opened.connection() as connection:
        return sites.read(connection)


def time_of(text: str, zone: ZoneInfo, option: str) -> datetime:
    """A time from the command line, of the site's zone if it has no offset. Raises BadWindow naming the option."""
    try:
        return read_time(text, zone)
    except ValueError as error:
        raise BadWindow(f"{option}: {error}") from None


def day_of(text: str, option: str) -> date:
    """A day from the command line. Raises BadInput naming the option."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option}: {text!r} is not a day; write it like 2026-11-20") from None


def window_of(start: str | None, end: str | None, zone: ZoneInfo) -> Window:
    """The window between two options, open where one is missing. Raises BadWindow."""
    begins = FIRST if start is None else time_of(start, zone, "--from")
    ends = datetime.now(UTC) if end is None else time_of(end, zone, "--to")
    if begins > datetime.now(UTC):
        raise BadWindow(f"--from: {start} is in the future; nothing is recorded yet")
    if ends <= begins:
        raise BadWindow(f"--to: the window must end after it starts; got {begins.isoformat()} to {ends.isoformat()}")
    return Window(begins, ends)
