"""`simulate`: a folder with site file, video and truth of a mall that never was."""

import csv
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.world.errors import BadInput
from models.world.periods import Window, from_epoch_s
from models.world.places import Georeference, Site
from pipelines import site_file
from pipelines.simulator.cameras import FRAME_RATE_HZ, bays_for, camera, hang
from pipelines.simulator.footage import Shooting, film
from pipelines.simulator.output import TIME_ZONE, Progress, check_minutes, empty_folder, quiet
from pipelines.simulator.plan import Plan, lay_out
from pipelines.simulator.sensor import any_sensor
from pipelines.simulator.textures import decorate
from pipelines.simulator.walkers import Walks, walk
from pipelines.simulator.wardrobe import Look, dress

_GEOREFERENCE = Georeference(13.3777, 52.5163, 12.5)
_POLL_S = 0.2


@dataclass(frozen=True)
class Simulated:
    """What `simulate` has written: the site, each camera's video, and the window that all of them cover."""

    folder: Path
    site: Site
    window: Window
    videos: dict[str, Path]
    frames: int
    people: int


def simulate(
    out_dir: Path | str,
    *,
    cameras: int = 4,
    annexes: int = 0,
    people: int = 20,
    minutes: float = 2.0,
    seed: int = 0,
    start: datetime | None = None,
    progress: Progress | None = None,
) -> Simulated:
    """Write `site.yaml`, `video/CAMERA.mp4` and `truth/` of a simulated mall into a new or empty folder.

    So many cameras watch one hall, each part of it seen by several; each of the `annexes`, rooms behind passages that no camera sees,
    has one more of its own. The same arguments give the same files, byte for byte. `start` (aware; a time without offset is local to the mall)
    is yesterday at 17:00 local time if not given. `progress` is told the share done, 0 to 1. One process per CPU core
    films. Raises BadInput for numbers out of range and for a folder that holds something or cannot be written.
    """
    _check(cameras, annexes, people, minutes)
    folder = empty_folder(Path(out_dir), ("video", "truth"))
    frames = max(1, round(minutes * 60 * FRAME_RATE_HZ))
    begin = begin_of(start)
    random = np.random.default_rng(seed)
    plan = lay_out(bays_for(cameras), random, annexes)
    looks = [dress(random) for _ in range(people)]
    walks = walk(plan, np.array([look.height_m for look in looks]), frames, FRAME_RATE_HZ, random)
    shootings = _shootings(folder, plan, looks, walks, cameras, random)
    site = _site(plan, shootings)
    site_file.write(site, folder / "site.yaml")
    write_paths(folder / "truth/paths.csv", walks, np.zeros(walks.xy_m.shape[:2], np.int8), begin, FRAME_RATE_HZ)
    write_attributes(folder / "truth/attributes.csv", looks)
    film_all(shootings, frames, progress or quiet)
    window = Window(begin, begin + timedelta(seconds=frames / FRAME_RATE_HZ))
    return Simulated(
        folder, site, window, {shooting.camera_id: shooting.video for shooting in shootings}, frames, people
    )


def _check(cameras: int, annexes: int, people: int, minutes: float) -> None:
    if cameras < 1:
        raise BadInput(f"a mall needs at least 1 camera; got {cameras}")
    if annexes < 0:
        raise BadInput(f"a number of annexes is 0 or more; got {annexes}")
    if people < 0:
        raise BadInput(f"a number of people is 0 or more; got {people}")
    check_minutes(minutes)


def begin_of(start: datetime | None) -> datetime:
    """When a simulation begins, in UTC: yesterday at 17:00 if nothing is said."""
    if start is None:
        yesterday = datetime.now(TIME_ZONE) - timedelta(days=1)
        start = yesterday.replace(hour=17, minute=0, second=0, microsecond=0)
    if start.tzinfo is None:
        start = start.replace(tzinfo=TIME_ZONE)
    return start.astimezone(UTC)


def _shootings(
    folder: Path, plan: Plan, looks: Sequence[Look], walks: Walks, cameras: int, random: np.random.Generator
) -> list[Shooting]:
    decor = decorate(random)
    shootings = []
    for number, view in enumerate(hang(plan, cameras, random), start=1):
        key = camera(number, view).id
        files = (folder / f"video/{key}.mp4", folder / f"truth/{key}.txt")
        shootings.append(Shooting(key, view, any_sensor(random), plan, decor, looks, walks, *files))
    return shootings


def _site(plan: Plan, shootings: Sequence[Shooting]) -> Site:
    cameras = tuple(camera(number, shooting.view) for number, shooting in enumerate(shootings, start=1))
    hours = {"mon-sat": "09:00-21:00", "sun": "closed"}
    return Site("northgate", TIME_ZONE, (plan.floor,), plan.sections, cameras, _GEOREFERENCE, hours)


def write_paths(path: Path, walks: Walks, floors: NDArray[np.int8], begin: datetime, rate_hz: float) -> None:
    """Everybody's floor, (frames, people), and position at the time of every frame at which they are in the mall, seen by a camera or
    not.
    """
    with path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["person", "floor", "taken_at", "x_m", "y_m"])
        for person in range(walks.xy_m.shape[1]):
            rows.writerows(_path_rows(person, walks, floors, begin, rate_hz))


def _path_rows(
    person: int, walks: Walks, floors: NDArray[np.int8], begin: datetime, rate_hz: float
) -> Iterator[tuple[int, int, str, str, str]]:
    for frame in np.nonzero(np.isfinite(walks.xy_m[:, person, 0]))[0]:
        taken_at = from_epoch_s(round(begin.timestamp() + frame / rate_hz, 3))
        x_m, y_m = walks.xy_m[frame, person]
        floor = int(floors[frame, person])
        yield person + 1, floor, taken_at.isoformat(timespec="milliseconds"), f"{x_m:.3f}", f"{y_m:.3f}"


def write_attributes(path: Path, looks: Sequence[Look]) -> None:
    """What each person truly has."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["person", "key", "value"])
        for person, look in enumerate(looks, start=1):
            rows.writerows((person, key, value) for key, value in look.attributes.items())


def film_all(shootings: Sequence[Shooting], frames: int, progress: Progress) -> None:
    """Film with all cameras, each CPU core one at a time."""
    workers = min(len(shootings), os.cpu_count() or 1)
    if workers == 1:
        for number, shooting in enumerate(shootings):
            for frame in film(shooting):
                progress((number + frame / frames) / len(shootings))
        return
    context = multiprocessing.get_context("spawn")
    done = context.Value("q", 0)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_share, initargs=(done,)) as pool:
        left = {pool.submit(_film_one, shooting) for shooting in shootings}
        while left:
            finished, left = wait(left, timeout=_POLL_S, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
            progress(min(1.0, done.value / frames / len(shootings)))


_done: "Synchronized[int] | None" = None


def _share(done: "Synchronized[int]") -> None:
    global _done
    _done = done


def _film_one(shooting: Shooting) -> None:
    for _ in film(shooting):
        if _done is not None:
            with _done.get_lock():
                _done.value += 1
