"""What an extraction has before it: how much video, what of it is known, how fast it went lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.world.periods import Window
from sql.store import Connection
from sql.text import statement


@dataclass(frozen=True)
class Plan:
    """Segments, seconds of video and bytes in them; of these what has a result and what was given up.

    `bytes_left` is what would have to be read.
    """

    segments: int
    camera_s: float
    bytes: int
    known: int
    known_s: float
    quarantined: int
    quarantined_s: float
    bytes_left: int

    @property
    def left(self) -> int:
        """Segments to extract."""
        return self.segments - self.known - self.quarantined

    @property
    def left_s(self) -> float:
        """Seconds of video to extract."""
        return self.camera_s - self.known_s - self.quarantined_s


def plan(connection: Connection, window: Window, cameras: Sequence[str] | None, extractor: str) -> Plan:
    """The segments that touch the window, of all cameras unless some are named, by what this extractor version knows."""
    row = connection.execute(statement("plans/plan"), {**_asked(window, cameras), "extractor": extractor}).fetchone()
    assert row is not None
    return Plan(*row)


def rate(connection: Connection, extractor: str) -> float | None:
    """Seconds of video per second while the latest results (500 at most) were made; None before there are any."""
    row = connection.execute(statement("plans/rate"), {"extractor": extractor}).fetchone()
    return None if row is None else row[0]


def hours(connection: Connection, window: Window, cameras: Sequence[str] | None) -> list[datetime]:
    """The full UTC hours in which segments begin that touch the window, in order."""
    return [hour for (hour,) in connection.execute(statement("plans/hours"), _asked(window, cameras))]


def _asked(window: Window, cameras: Sequence[str] | None) -> dict[str, object]:
    return {"start": window.start, "end": window.end, "cameras": None if cameras is None else list(cameras)}
