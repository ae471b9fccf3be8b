"""Running an extraction from the command line: connect, show progress, tell the end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cluster.cli import progress
from models.world.errors import MallError

if TYPE_CHECKING:
    from models.world.periods import Window
    from pipelines.extract import Summary


def run(window: "Window", cameras: Sequence[str] | None) -> None:
    """Extract and load the window on the cluster of the settings and tell on stderr what was done.

    Raises MallError, naming each segment and the reason, if some could not be extracted; the others are loaded then.
    """
    from cluster import extraction
    from cluster.settings import Settings
    from pipelines.extract import extract

    settings = Settings.load()
    with progress.bar("extracting") as report:
        extraction.connect(settings)
        summary = extract(
            extraction.resources(settings),
            window,
            cameras,
            report=lambda now: report(now.camera_s_done, now.camera_s),
        )
    progress.news(in_words(summary))
    if summary.failed:
        reasons = (f"segment {segment}: {reason}" for segment, reason in summary.failed.items())
        raise MallError(
            f"{len(summary.failed)} segments could not be extracted, the rest is loaded\n" + "\n".join(reasons)
        )


def in_words(summary: "Summary") -> str:
    """The summary as one line."""
    return (
        f"{summary.segments} segments extracted ({summary.camera_hours:.2f} camera-hours, {summary.tracklets} tracklets), "
        f"{summary.known} known before; {summary.loaded} hours loaded with {summary.persons} persons in "
        f"{sum(summary.seconds.values()):.1f} s"
    )
