"""Running an extraction from the command line: connect, show progress, tell the end."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from cluster.cli import progress
from models.world.errors import BadInput, MallError, NotFound

if TYPE_CHECKING:
    from models.world.periods import Window
    from pipelines.extract import Reporter, Summary
    from pipelines.flow import Resources
    from sql.plans import Plan
    from sql.requests import Request


def run(window: "Window", cameras: Sequence[str] | None, *, again: bool = False) -> None:
    """Extract and load the window on the cluster of the settings and tell on stderr what was done.

    Raises MallError, naming each segment and the reason, if some could not be extracted; the others are loaded then.
    """
    from pipelines.extract import extract

    _run(lambda resources, report: extract(resources, window, cameras, again=again, report=report))


def run_request(request_id: str, epoch: int | None) -> None:
    """Extract what a request wants; the request itself is ended by the handler, who judges by the ledger.

    With an epoch, only as long as that claim on it holds. Raises NotFound.
    """
    from pipelines.extract import extract_request
    from pipelines.runners import OnRay

    request = _find(request_id)

    def work(resources: "Resources", report: "Reporter") -> "Summary":
        runner = OnRay(resources, patience_s=_patience_s())
        return extract_request(
            resources, request, runner, report=report, still_wanted=lambda: _is_wanted(request_id, epoch)
        )

    _run(work)


def foretell(window: "Window", cameras: Sequence[str] | None) -> str:
    """How much an extraction of the window is, and how long it will take by what was measured."""
    from cluster import extraction
    from cluster.settings import Settings
    from pipelines.extract import estimate

    return in_advance(*estimate(extraction.resources(Settings.load()), window, cameras))


def in_advance(plan: "Plan", seconds: float | None) -> str:
    """A plan and the seconds that it will take as lines."""
    takes = "unknown: nothing was extracted with this detector yet"
    if seconds is not None:
        takes = f"about {timedelta(seconds=round(seconds))} at the rate of the latest extractions"
    return "\n".join(
        [
            f"recorded      {_amount(plan.segments, plan.camera_s)}, {plan.bytes / 1e9:.2f} GB",
            f"known         {_amount(plan.known, plan.known_s)}",
            f"given up      {_amount(plan.quarantined, plan.quarantined_s)} (--again tries them again)",
            f"to extract    {_amount(plan.left, plan.left_s)}, {plan.bytes_left / 1e9:.2f} GB",
            f"takes         {takes}",
        ]
    )


def in_words(summary: "Summary") -> str:
    """The summary as one line."""
    return (
        f"{summary.segments} segments extracted ({summary.camera_hours:.2f} camera-hours, {summary.tracklets} tracklets), "
        f"{summary.known} known before; {summary.loaded} hours loaded with {summary.persons} persons in "
        f"{sum(summary.seconds.values()):.1f} s"
    )


def _run(work: "Callable[[Resources, Reporter], Summary]") -> None:
    from cluster import extraction
    from cluster.settings import Settings

    settings = Settings.load()
    with progress.bar("extracting") as report:
        extraction.connect(settings)
        summary = work(extraction.resources(settings), lambda now: report(now.camera_s_done, now.camera_s))
    progress.news(in_words(summary))
    if summary.failed:
        reasons = (f"segment {segment}: {reason}" for segment, reason in summary.failed.items())
        raise MallError(
            f"{len(summary.failed)} segments could not be extracted, the rest is loaded\n" + "\n".join(reasons)
        )


def _find(request_id: str) -> "Request":
    from cluster.cli.wiring import open_store
    from sql import requests

    try:
        identity = UUID(request_id)
    except ValueError:
        raise BadInput(f"--request {request_id!r} is not the id of a request") from None
    with open_store("ingest") as store, store.connection() as connection:
        found = requests.find(connection, identity)
    if found is None:
        raise NotFound(f"there is no extraction request {request_id}")
    return found


def _is_wanted(request_id: str, epoch: int | None) -> bool:
    request = _find(request_id)
    return epoch is None or (request.is_active and request.epoch == epoch)


def _patience_s() -> float:
    from cluster.settings import Settings

    return Settings.load().stall_s


def _amount(segments: int, camera_s: float) -> str:
    return f"{segments} segments, {camera_s / 3600:.2f} camera-hours"
