"""What has been recorded and what of it has been processed and loaded: the gate for "known"."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models.world.periods import Window, clip, merge, subtract
from sql.store import Connection
from sql.text import statement


@dataclass(frozen=True)
class Covered:
    """A time of a camera that an extractor version has processed; with a `reason`, that it could make nothing of."""

    camera_id: str
    window: Window
    extractor: str
    reason: str | None = None


@dataclass(frozen=True, order=True)
class Unusable:
    """A recorded time that nothing can be made of, and why: `corrupt`, `deleted`, `kills-its-worker`, `not-calibrated`."""

    window: Window
    reason: str


@dataclass(frozen=True)
class CameraCoverage:
    """One camera within the window asked for: sorted, disjoint windows. `extractors` are the versions behind `covered`."""

    camera_id: str
    recorded: list[Window] = field(default_factory=list)
    covered: list[Window] = field(default_factory=list)
    extractors: set[str] = field(default_factory=set)
    gaps: list[Unusable] = field(default_factory=list)

    @property
    def missing(self) -> list[Window]:
        """What is recorded and neither covered nor a gap; while there is any, an answer would be partial."""
        return subtract(self.recorded, [*self.covered, *(gap.window for gap in self.gaps)])


def read(connection: Connection, window: Window, cameras: Sequence[str] | None = None) -> list[CameraCoverage]:
    """Every camera that has recorded or covered something in the window, by id; of all cameras unless some are named."""
    asked = {"start": window.start, "end": window.end, "cameras": None if cameras is None else list(cameras)}
    found: dict[str, CameraCoverage] = {}
    for camera_id, starts_at, ends_at, extractors, reason in connection.execute(statement("coverage/read"), asked):
        camera, part = found.setdefault(camera_id, CameraCoverage(camera_id)), Window(starts_at, ends_at)
        if extractors is None:
            camera.recorded.append(part)
        elif reason is not None:
            camera.gaps.append(Unusable(part, reason))
        else:
            camera.covered.append(part)
            camera.extractors.update(extractors)
    return list(found.values())


@dataclass(frozen=True)
class Looked:
    """How many pictures of a camera's hour were looked at, of so many seconds that are extracted."""

    camera_id: str
    hour: datetime
    pictures: float
    seconds: float


def looked(connection: Connection, window: Window) -> list[Looked]:
    """How often was looked within the window, by camera and full hour; what was extracted before this was noted is left out."""
    asked = {"start": window.start, "end": window.end}
    return [Looked(*row) for row in connection.execute(statement("coverage/looked"), asked)]


def rates(connection: Connection, window: Window) -> dict[str, float]:
    """Pictures a second that were looked at within the window, by camera; of those of which it was noted."""
    rows = connection.execute(statement("coverage/rates"), {"start": window.start, "end": window.end})
    return {camera_id: float(rate) for camera_id, rate in rows}


def versions(connection: Connection, window: Window) -> dict[str, list[str]]:
    """The versions of `association` and `attributes` behind the hours that the window touches; those that are known."""
    rows = connection.execute(statement("coverage/versions"), {"start": window.start, "end": window.end}).fetchall()
    return {
        name: sorted({row[number] for row in rows if row[number] is not None})
        for number, name in enumerate(("association", "attributes"))
    }


def working(connection: Connection, window: Window) -> dict[str, list[Window]]:
    """The video of each camera within the window that a worker has in hand, or that an active request wants."""
    found: dict[str, list[Window]] = defaultdict(list)
    asked = {"start": window.start, "end": window.end}
    for camera_id, starts_at, ends_at in connection.execute(statement("coverage/working"), asked):
        found[camera_id].append(Window(starts_at, ends_at))
    return {camera: merge(clip(windows, window)) for camera, windows in found.items()}
