"""What has been recorded and what of it has been processed and loaded: the gate for "known"."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from models.world.periods import Window, clip, merge, subtract
from sql.store import Connection
from sql.text import statement


@dataclass(frozen=True)
class Covered:
    """A time of a camera that an extractor version has processed."""

    camera_id: str
    window: Window
    extractor: str


@dataclass(frozen=True)
class CameraCoverage:
    """One camera within the window asked for: sorted, disjoint windows."""

    camera_id: str
    recorded: list[Window] = field(default_factory=list)
    covered: list[Window] = field(default_factory=list)
    extractors: set[str] = field(default_factory=set)

    @property
    def missing(self) -> list[Window]:
        """What is recorded but not covered; while there is any, an answer would be partial."""
        return subtract(self.recorded, self.covered)


def read(connection: Connection, window: Window, cameras: Sequence[str] | None = None) -> list[CameraCoverage]:
    """Every camera that has recorded or covered something in the window, by id; of all cameras unless some are named."""
    asked = {"start": window.start, "end": window.end, "cameras": None if cameras is None else list(cameras)}
    recorded: dict[str, list[Window]] = defaultdict(list)
    covered: dict[str, list[Window]] = defaultdict(list)
    extractors: dict[str, set[str]] = defaultdict(set)
    for camera_id, starts_at, ends_at, extractor in connection.execute(statement("coverage/read"), asked):
        (recorded if extractor is None else covered)[camera_id].append(Window(starts_at, ends_at))
        if extractor is not None:
            extractors[camera_id].add(extractor)
    return [
        CameraCoverage(
            camera, merge(clip(recorded[camera], window)), merge(clip(covered[camera], window)), extractors[camera]
        )
        for camera in sorted({*recorded, *covered})
    ]
