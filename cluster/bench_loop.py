"""`make bench-loop`: what waiting for an answer that is not known yet costs on this machine, in one run.

A private installation, removed afterwards. Two cameras film a minute once (simulated, 640x384, 10 pictures/s) and have
recorded it again and again. Measured are:

small     seconds from the POST to the answer of a question about two camera-minutes, on warm actors, once the handler lives
eta       what a job of the cluster says is left when a fifth of it is done, against what was left: share of the truth
ray       seconds a recording, from the first that is done to the last, of that job: Ray Data; and until the first is done
plain     the same of the same stages in one plain process, on the same cores
memory    the most that driver and workers hold at once in that job and in a shorter one: proportional set sizes and those of
          the node's own process, so that the object store counts once
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from cluster import extraction
from cluster.embedded import daemons, services
from cluster.embedded.ray_head import RayHead
from cluster.settings import Settings, write_state
from models.world.errors import MallError
from models.world.periods import Window
from pipelines.archive import StoredSegments, ingest
from pipelines.extract import extract
from pipelines.simulator import Simulated, simulate
from serve.client import Answer, Mall
from sql import ledger, sites
from sql.store import Store

MINUTE = timedelta(minutes=1)
CAMERAS, PEOPLE = 2, 4
WARM_CAMERA_MINUTES = 4
"""Larger questions become jobs of the cluster."""
LOOK_S, FIFTH = 0.5, 20
NOT_WORK = ("Serve", "Proxy", "Warm", "Agent")
"""What is in the titles of Ray's processes that stay, whatever is extracted."""
WANTED = {"small_s": 20.0, "eta_error": 0.3, "ray_to_plain": 1.2, "memory_ratio": 1.1}


@dataclass
class Run:
    """What was seen of a run: at seconds from its beginning, recordings done; percent and seconds left. And the megabytes
    that were held, by the title of a process.
    """

    done: list[tuple[float, int]] = field(default_factory=list)
    held_mb: list[Mapping[str, float]] = field(default_factory=list)
    told: list[tuple[float, int, float | None]] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def first_s(self) -> float:
        """When the first recordings were done."""
        return next(at for at, done in self.done if done)

    @property
    def recording_s(self) -> float:
        """Seconds a recording, from the first that was done to the last."""
        first, last = (next((at, done) for at, done in self.done if done >= wanted) for wanted in (1, self.done[-1][1]))
        return (last[0] - first[0]) / (last[1] - first[1])

    @property
    def peak_mb(self) -> Mapping[str, float]:
        """What was held when it was most."""
        return max(self.held_mb, key=lambda held: sum(held.values()))

    @property
    def eta(self) -> tuple[float, float]:
        """Seconds left as told when a fifth was done, and as it came."""
        at, left = next((at, left) for at, percent, left in self.told if percent >= FIFTH and left is not None)
        return left, self.took_s - at

    def document(self) -> dict[str, Any]:
        """Its figures, rounded."""
        return {
            "first_s": round(self.first_s, 1),
            "recording_s": round(self.recording_s, 3),
            "took_s": round(self.took_s, 1),
            "held_mb": round(sum(self.peak_mb.values())),
        }


class Watch:
    """Looks at a window's recordings and at the memory of the work on them, for as long as its `with` block lasts."""

    def __init__(self, place: "Place", window: Window) -> None:
        self.run, self._window = Run(), window
        self._ingest, self._node = place.ingest, _node(place.settings)
        self._ended, self._began = threading.Event(), time.monotonic()
        self._thread = threading.Thread(target=self._look_again_and_again)

    def now_s(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run.took_s = self.now_s()
        self._ended.set()
        self._thread.join()
        self._look()

    def _look_again_and_again(self) -> None:
        while not self._ended.wait(LOOK_S):
            self._look()

    def _look(self) -> None:
        with self._ingest.connection() as connection:
            done = len(ledger.winners(connection, self._window))
        self.run.done.append((self.now_s(), done))
        self.run.held_mb.append(held_mb(self._node))


@dataclass(frozen=True)
class Place:
    """An installation that lives, and what its cameras have filmed."""

    settings: Settings
    filmed: Simulated
    ingest: Store
    desk: Mall

    def recorded(self, start: datetime, camera_minutes: int) -> Window:
        """So much of video from `start` on is in the archive, a file for each camera and minute."""
        resources, segments = extraction.resources(self.settings), StoredSegments(self.ingest)
        minutes = camera_minutes // CAMERAS
        for at in (start + number * MINUTE for number in range(minutes)):
            for name, video in self.filmed.videos.items():
                camera = self.filmed.site.camera(name)
                ingest(video, camera, at, at + MINUTE, store=segments, objects=resources.objects)
        return Window(start, start + minutes * MINUTE)


def main() -> None:
    """Measure, print and write the figures."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="mall-bench-loop-") as folder, installed(Path(folder)) as place:
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
        hours = [day + timedelta(hours=3 * number) for number in range(6)]
        small = [answered_s(place, place.recorded(hour, CAMERAS)) for hour in hours[:3]]
        _tell(f"small questions answered in {small} s")
        short = as_job(place, place.recorded(hours[3], options.short))
        _tell(f"{options.short} camera-minutes: {short.document()}")
        long = as_job(place, place.recorded(hours[4], options.minutes))
        _tell(f"{options.minutes} camera-minutes: {long.document()}")
        plain = in_one_process(place, place.recorded(hours[5], options.minutes))
    figures = {"minutes": options.minutes, "short": options.short, **measured(small, short, long, plain)}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")
    sys.stdout.write(report(figures) + json.dumps(figures) + "\n")


@contextmanager
def installed(folder: Path) -> Iterator[Place]:
    """Everything that `mall up` starts, and a minute of video; all of it ends with the block."""
    home = folder / "home"
    write_state(home, {"min_group": 1, "warm_camera_minutes": WARM_CAMERA_MINUTES})
    try:
        settings = services.up(Settings.load(home))
        filmed = simulate(folder / "mall", cameras=CAMERAS, people=PEOPLE, minutes=1, seed=1)
        with Store(settings.needed("database_admin"), role="admin", size=1) as admin, admin.connection() as connection:
            sites.save(connection, filmed.site, valid_from=datetime.now(UTC) - timedelta(days=4))
        with (
            Store(settings.needed("database_ingest"), role="ingest", size=2) as store,
            Mall(settings.needed("serve_url"), settings.needed("api_key")) as desk,
        ):
            yield Place(settings, filmed, store, desk)
    finally:
        services.down(Settings.load(home))


def answered_s(place: Place, window: Window) -> float:
    """Seconds from asking to the answer."""
    began = time.monotonic()
    place.desk.ask("paths", wait=True, from_=window.start, to=window.end)
    return time.monotonic() - began


def as_job(place: Place, window: Window) -> Run:
    """A question that becomes a job of the cluster."""
    with Watch(place, window) as watch:
        job = place.desk.order("paths", from_=window.start, to=window.end)
        assert not isinstance(job, Answer)
        while not job.has_ended:
            time.sleep(LOOK_S)
            job = place.desk.job(job.id)
            watch.run.told.append((watch.now_s(), job.percent, job.eta_s))
    if job.status != "successful":
        raise MallError(f"the job that was to be measured is {job.status}: {job.message}")
    return watch.run


def in_one_process(place: Place, window: Window) -> Run:
    """The same stages one after the other in this process."""
    with Watch(place, window) as watch:
        extract(extraction.resources(place.settings), window, on_ray=False)
    return watch.run


def held_mb(node: psutil.Process) -> Mapping[str, float]:
    """What the work on a node of a Ray cluster holds: its own process, the workers that come and go, what these started."""
    held: dict[str, float] = defaultdict(float)
    workers = [worker for worker in _children(node) if not any(word in _title(worker) for word in NOT_WORK)]
    started = [process for worker in workers for process in _children(worker, recursive=True)]
    for process in (node, *workers, *started):
        held[Path(_title(process).partition(" ")[0]).name] += _own_mb(process)
    return held


def _node(settings: Settings) -> psutil.Process:
    marked = daemons.marked(RayHead(settings.home.absolute() / "ray").mark)
    return next(process for process in marked if process.name() == "raylet")


def _children(process: psutil.Process, *, recursive: bool = False) -> Sequence[psutil.Process]:
    try:
        found: list[psutil.Process] = process.children(recursive=recursive)
    except psutil.Error:  # it has just ended
        return []
    return found


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _own_mb(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 1e6
    except psutil.Error:
        return 0.0


def measured(small: Sequence[float], short: Run, long: Run, plain: Run) -> dict[str, Any]:
    """All figures, those of `WANTED` among them."""
    told_s, true_s = long.eta
    return {
        "small_s": round(max(small), 1),
        "small_each_s": [round(one, 1) for one in small],
        "eta_error": round(abs(told_s - true_s) / true_s, 3),
        "eta_told_s": round(told_s, 1),
        "eta_true_s": round(true_s, 1),
        "ray_to_plain": round(long.recording_s / plain.recording_s, 3),
        "ray": long.document(),
        "plain": plain.document(),
        "memory_ratio": round(sum(long.peak_mb.values()) / sum(short.peak_mb.values()), 3),
        "memory_mb": [{name: round(mb) for name, mb in one.peak_mb.items()} for one in (short, long)],
        "short": short.document(),
    }


def report(figures: dict[str, Any]) -> str:
    """A line for each figure that something is wanted of."""
    lines = [
        f"{name:14}{figures[name]:8.2f} ({'at most' if figures[name] <= most else 'ABOVE'} the wanted {most:g})\n"
        for name, most in WANTED.items()
    ]
    return "".join(lines)


def _tell(what: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {what}\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench-loop", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=int, default=60, help="camera-minutes of the long job (default: %(default)s)")
    parser.add_argument("--short", type=int, default=10, help="camera-minutes of the short job (default: %(default)s)")
    parser.add_argument(
        "--json", type=Path, default=Path("runs/bench-loop.json"), help="where the figures go (default: %(default)s)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
