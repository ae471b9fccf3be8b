"""Whether a window is known: what is recorded in it, what of that is processed, what is missing, where it is dark.

Coverage alone decides this. An answer is given only when everything recorded is processed, or known to be unusable;
where nothing was recorded, or nothing can be made of it, the answer says so in its gaps.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.world.errors import NotExtracted, NotRecorded
from models.world.periods import Window, clip, merge, subtract, total_hours
from sql.coverage import CameraCoverage

NO_VIDEO = "no-video"


@dataclass(frozen=True)
class Gap:
    """A camera-window without usable video, and why."""

    camera: str
    window: Window
    reason: str


@dataclass(frozen=True)
class CameraKnowledge:
    """One camera within a window: sorted, disjoint times of each kind, and the extractor versions used.

    `working` is what of the missing time is being extracted, or waits for it; `pictures_per_s` how often was looked, None where that was
    not noted.
    """

    camera: str
    recorded: tuple[Window, ...]
    covered: tuple[Window, ...]
    missing: tuple[Window, ...]
    gaps: tuple[Gap, ...]
    extractors: tuple[str, ...]
    working: tuple[Window, ...] = ()
    pictures_per_s: float | None = None


@dataclass(frozen=True)
class Knowledge:
    """All cameras within a window."""

    window: Window
    cameras: tuple[CameraKnowledge, ...]

    @property
    def used(self) -> tuple[CameraKnowledge, ...]:
        """The cameras that have something to say about the window."""
        return tuple(camera for camera in self.cameras if camera.covered)

    @property
    def missing(self) -> Mapping[str, list[Window]]:
        """What is recorded but not processed, by camera."""
        return {camera.camera: list(camera.missing) for camera in self.cameras if camera.missing}

    @property
    def covered(self) -> list[Window]:
        """The times at which at least one camera is processed."""
        return merge(window for camera in self.cameras for window in camera.covered)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The dark places, camera by camera."""
        return tuple(gap for camera in self.cameras for gap in camera.gaps)

    def hours(self, kind: str) -> float:
        """Camera-hours of `recorded`, `covered`, `missing` or `working` time."""
        return sum(total_hours(getattr(camera, kind)) for camera in self.cameras)


def knowledge(
    window: Window,
    cameras: Iterable[str],
    coverage: Iterable[CameraCoverage],
    working: Mapping[str, Sequence[Window]] | None = None,
    looked: Mapping[str, float] | None = None,
) -> Knowledge:
    """What is known within the window, for every camera of the site and every other one that has recorded.

    `working` are the times of each camera that somebody wants to have extracted, or is extracting; `looked` how many of its pictures
    a second were looked at.
    """
    seen = {one.camera_id: one for one in coverage}
    names = sorted({*cameras, *seen})
    at_work, rates = working or {}, looked or {}
    return Knowledge(
        window,
        tuple(_of_camera(name, window, seen.get(name), at_work.get(name, ()), rates.get(name)) for name in names),
    )


def _of_camera(
    camera: str, window: Window, seen: CameraCoverage | None, working: Sequence[Window], pictures_per_s: float | None
) -> CameraKnowledge:
    recorded = merge(clip(seen.recorded, window)) if seen else []
    covered = merge(clip(seen.covered, window)) if seen else []
    unusable = _unusable(camera, window, seen)
    dark = subtract([window], [*recorded, *covered, *(gap.window for gap in unusable)])
    missing = subtract(recorded, [*covered, *(gap.window for gap in unusable)])
    return CameraKnowledge(
        camera=camera,
        recorded=tuple(recorded),
        covered=tuple(covered),
        missing=tuple(missing),
        gaps=tuple(sorted([*unusable, *(Gap(camera, one, NO_VIDEO) for one in dark)], key=lambda gap: gap.window)),
        extractors=tuple(sorted(seen.extractors)) if seen and covered else (),
        working=tuple(merge(part for window in missing for part in clip(working, window))),
        pictures_per_s=pictures_per_s,
    )


def _unusable(camera: str, window: Window, seen: CameraCoverage | None) -> list[Gap]:
    """Recorded times that nothing can be made of."""
    gaps = seen.gaps if seen else []
    return [Gap(camera, part, gap.reason) for gap in gaps for part in clip([gap.window], window)]


def require(known: Knowledge, archive: Iterable[Window]) -> None:
    """Raises NotRecorded when nothing usable is recorded in the window, NotExtracted when part of that is unprocessed.

    `archive` is what is recorded at all, for the message.
    """
    if known.missing:
        raise NotExtracted(known.missing)
    if known.used:
        return
    unusable = sorted({f"{gap.camera} {gap.reason}" for gap in known.gaps if gap.reason != NO_VIDEO})
    if unusable:
        raise NotRecorded(f"no camera has usable video between {_span(known.window)}: {', '.join(unusable)}")
    raise NotRecorded(f"no camera has video between {_span(known.window)}; {_recorded(list(archive))}")


def _recorded(archive: list[Window]) -> str:
    if not archive:
        return "nothing is recorded yet: mall ingest FILE --camera C --start T"
    shown = ", ".join(_span(window) for window in archive[-3:])
    return f"recorded is {'lately ' if len(archive) > 3 else ''}{shown}"


def _span(window: Window) -> str:
    return f"{window.start.isoformat()} and {window.end.isoformat()}"
