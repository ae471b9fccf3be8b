"""The time that a question is about."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from models.world.errors import BadWindow
from models.world.periods import Window

INSTANT_MARGIN = timedelta(seconds=2)
"""A position at an instant is interpolated between its neighbours, so this much around it must be covered."""
LONGEST = timedelta(days=31)
"""No question looks at more time than the hot archive holds, with a day to spare."""


def window_of(values: Mapping[str, object], now: datetime) -> Window:
    """The window that must be covered: `[from, to)`, or a small one around `at`.

    Raises BadWindow when it lies in the future, even in part, runs backwards or is longer than `LONGEST`.
    """
    at = values.get("at")
    if isinstance(at, datetime):
        _refuse_future("at", at, now)
        return Window(at - INSTANT_MARGIN, at + INSTANT_MARGIN)
    return window_between(values.get("from"), values.get("to"), now)


def window_between(start: object, end: object, now: datetime) -> Window:
    """`[start, end)`. Raises BadWindow as `window_of` does."""
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise BadWindow("a question needs a time: from and to, or at")
    if end <= start:
        raise BadWindow(f"the window ends at {end.isoformat()}, which is not after its start at {start.isoformat()}")
    _refuse_future("to", end, now)
    if end - start > LONGEST:
        raise BadWindow(f"the window is {(end - start).days} days long; at most {LONGEST.days} are answered at once")
    return Window(start, end)


def _refuse_future(name: str, moment: datetime, now: datetime) -> None:
    if moment > now:
        raise BadWindow(f"{name}={moment.isoformat()} lies in the future (it is {now.isoformat(timespec='seconds')})")
