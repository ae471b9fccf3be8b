"""What is filmed, in which order it is extracted, and what is done to the installation meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from models.world.periods import HOUR, Window
from tests.faults.injector import FREEZE, KILL, Fault
from tests.faults.victims import KINDS

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
CAMERAS, SECONDS, SAMPLE_FPS = 2, 5, 2.0
APART = timedelta(seconds=140)
"""Recordings are so far apart, and from full hours, that no two are associated: it makes no difference when they come."""


@dataclass(frozen=True)
class Course:
    """The faults, and how many recordings an hour has: hour after hour is extracted until all faults are done, or
    `longest_s` are over, after which there are no more. The first is a small question, the next, twice as long, a large one, the third is extracted by
    two drivers, and so on.
    """

    recordings: int
    most_hours: int
    faults: Mapping[Fault, int]
    longest_s: float

    @property
    def hours(self) -> list[Window]:
        """All that may be extracted."""
        return [Window(START + number * HOUR, START + (number + 1) * HOUR) for number in range(self.most_hours)]

    @property
    def small_camera_s(self) -> float:
        """How much video the small questions are about."""
        return float(CAMERAS * self.recordings * SECONDS)

    def filmed(self, number: int) -> list[Window]:
        """The recordings of an hour."""
        count = 2 * self.recordings if number % 3 == 1 else self.recordings
        starts = [self.hours[number].start + n * APART for n in range(1, count + 1)]
        return [Window(start, start + timedelta(seconds=SECONDS)) for start in starts]

    def is_asked(self, number: int) -> bool:
        """Whether an hour is extracted because somebody asks."""
        return number % 3 < 2


SMALL = Course(
    2, 3, {(KILL, kind): 1 for kind in KINDS if kind != "decoder"} | {(FREEZE, "driver"): 1}, longest_s=200.0
)
"""Without decoders: among so few recordings hardly one lives long enough to be met (its death alone has tests of its own)."""
KILLS = dict(zip(KINDS, (50, 45, 6, 32, 10, 10, 12, 25, 10), strict=True))
FREEZES = {"driver": 8, "worker": 4, "handler": 2, "decoder": 2, "backend": 1, "postmaster": 1, "s3": 1, "raylet": 1}
LARGE = Course(
    10,
    20,
    {(KILL, kind): count for kind, count in KILLS.items()} | {(FREEZE, kind): count for kind, count in FREEZES.items()},
    longest_s=3600.0,
)
