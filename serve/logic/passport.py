"""The passport of an answer: what it is based on, so that a reader can judge it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.world.periods import Window
from serve.logic.known import Gap, Knowledge
from serve.logic.privacy import Suppressed


@dataclass(frozen=True)
class Passport:
    """Window asked and times covered, cameras used, gaps, versions, and what is unknown or not shown.

    `unknown` counts people whose attributes are undecided for the filter; None without a filter, or where the
    count itself is suppressed.
    """

    window: Window
    covered: tuple[Window, ...]
    cameras: tuple[str, ...]
    camera_hours: float
    gaps: tuple[Gap, ...]
    versions: Mapping[str, tuple[str, ...]]
    unknown: int | None
    suppressed: tuple[Suppressed, ...]
    computed_at: datetime


def passport(
    known: Knowledge,
    versions: Mapping[str, Sequence[str]],
    unknown: int | None,
    suppressed: tuple[Suppressed, ...],
    now: datetime,
) -> Passport:
    """The passport of an answer that was computed at `now` from what is known; `versions` are those after extraction."""
    extractors = {version for camera in known.used for version in camera.extractors}
    return Passport(
        window=known.window,
        covered=tuple(known.covered),
        cameras=tuple(camera.camera for camera in known.used),
        camera_hours=known.hours("covered"),
        gaps=known.gaps,
        versions={"extractor": tuple(sorted(extractors)), **{what: tuple(these) for what, these in versions.items()}},
        unknown=unknown,
        suppressed=suppressed,
        computed_at=now,
    )
