"""Times and windows. Times are aware; a window is half-open, `[start, end)`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)


@dataclass(frozen=True, order=True)
class Window:
    """The time from `start` up to, not including, `end`; both aware, kept in UTC.

    Raises ValueError for a naive time or an end that is not after the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window needs times with an offset")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.end <= self.start:
            raise ValueError(f"a window must end after it starts; got {self}")

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return (self.end - self.start).total_seconds()

    @property
    def start_s(self) -> float:
        """Its start in epoch seconds."""
        return self.start.timestamp()

    @property
    def end_s(self) -> float:
        """Its end in epoch seconds."""
        return self.end.timestamp()

    def overlap(self, other: "Window") -> "Window | None":
        """The time in both windows, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Window(start, end) if start < end else None

    def __str__(self) -> str:
        return f"{self.start.isoformat()}/{self.end.isoformat()}"


def from_epoch_s(seconds: float) -> datetime:
    """Epoch seconds as an aware UTC time."""
    return datetime.fromtimestamp(seconds, UTC)


def total_hours(windows: Iterable[Window]) -> float:
    """The summed length of the windows in hours."""
    return sum(window.seconds for window in windows) / 3600


def merge(windows: Iterable[Window]) -> list[Window]:
    """The same times as few, sorted, disjoint windows; touching ones become one."""
    merged: list[Window] = []
    for window in sorted(windows):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return merged


def subtract(windows: Iterable[Window], taken: Iterable[Window]) -> list[Window]:
    """What is left of `windows` when `taken` is cut out; sorted and disjoint."""
    left = merge(windows)
    for hole in merge(taken):
        left = [piece for window in left for piece in _cut(window, hole)]
    return left


def _cut(window: Window, hole: Window) -> Iterator[Window]:
    if window.overlap(hole) is None:
        yield window
        return
    if window.start < hole.start:
        yield Window(window.start, hole.start)
    if hole.end < window.end:
        yield Window(hole.end, window.end)


def clip(windows: Iterable[Window], bounds: Window) -> list[Window]:
    """The parts of the windows that lie within the bounds."""
    return [part for window in windows if (part := window.overlap(bounds)) is not None]


def site_hours(window: Window) -> list[Window]:
    """The full UTC hours that the window touches, in order."""
    start = window.start.replace(minute=0, second=0, microsecond=0)
    hours = []
    while start < window.end:
        hours.append(Window(start, start + HOUR))
        start += HOUR
    return hours


def utc_day(day: date) -> Window:
    """The whole of a day in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Window(start, start + timedelta(days=1))


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar day of a moment in the mall's own time zone."""
    return moment.astimezone(zone).date()


def read_time(text: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 time as an aware UTC time; without an offset it is local time in `zone`.

    Raises ValueError, with both readings, for a local time that a clock change makes ambiguous or skips.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not a time; write it like 2026-11-24T17:00 or 2026-11-24T17:00+01:00") from None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return _local(moment, zone).astimezone(UTC)


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    back = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    trouble = "occurs twice" if back == moment else "does not exist"
    readings = " or ".join(
        f"{moment.isoformat()}{time.strftime('%z')[:3]}:{time.strftime('%z')[3:]}" for time in (first, second)
    )
    raise ValueError(f"the local time {moment.isoformat()} {trouble} in {zone.key} (clock change); write {readings}")
