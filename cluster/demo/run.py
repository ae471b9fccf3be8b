"""The demonstration from begin to end: simulate, start, ingest, extract, ask, compare with the truth, stop."""

import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from cluster.demo import picture
from cluster.embedded import services
from cluster.extraction import connect, resources
from cluster.settings import Settings, write_state
from models.world.errors import BadInput
from models.world.paths import Path
from pipelines import archive, extract
from pipelines.objects import ObjectStore
from pipelines.path_scores import score_paths
from pipelines.simulator import Simulated, simulate, simulate_mall
from pipelines.truth import TruePerson, people_in
from pipelines.truth import read as read_truth
from serve.client import Mall
from sql import sites
from sql.store import Store

News = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """What is simulated: by what, how many cameras and people, for how long."""

    simulate: Callable[..., Simulated]
    cameras: int
    people: int
    minutes: float


HALL = Size(partial(simulate, cameras=4, annexes=1), cameras=5, people=20, minutes=2.0)
"""Four cameras watch a hall together; another one watches an annexe, and none the passage between."""
MALL = Size(partial(simulate_mall, cameras=24), cameras=24, people=200, minutes=20.0)
"""Two floors of corridors and shops, seen here and there."""
SECTION = "food-court"
MARKER = ".mall-demo"
PICTURE = "paths.png"


class Clock:
    """Where the time goes: seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = time.monotonic()

    @property
    def total_s(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._started

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step."""
        begin = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - begin


def run(folder: FilePath, news: News, seed: int, size: Size = HALL) -> dict[str, Any]:
    """The demonstration in `folder`, which is emptied first, with the mall of a seed; returns the JSON summary of its last line.

    Raises BadInput for a folder that holds something else.
    """
    home, clock = _fresh(folder), Clock()
    settings = Settings.load(home)
    try:
        with ThreadPoolExecutor(1) as beside:
            starting = beside.submit(_start, settings, clock, news)
            simulated = _simulate(folder / "site", size, seed, clock, news)
            settings = starting.result()
        return _answer(folder, settings, simulated, clock, news)
    finally:
        with clock.step("stop"):
            services.down(settings)


def _fresh(folder: FilePath) -> FilePath:
    """An empty state folder inside an empty demo folder; services of an interrupted run are stopped."""
    folder = folder.absolute()
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise BadInput(f"{folder} holds something that is not a demo's; name another folder: mall demo FOLDER")
    home = folder / "mall"
    if home.exists():
        services.down(Settings.load(home))
    shutil.rmtree(folder, ignore_errors=True)
    home.mkdir(parents=True)
    (folder / MARKER).touch()
    write_state(home, {"min_group": 1})
    return home


def _start(settings: Settings, clock: Clock, news: News) -> Settings:
    with clock.step("start services"):
        return services.up(settings, news)


def _simulate(folder: FilePath, size: Size, seed: int, clock: Clock, news: News) -> Simulated:
    news(f"simulating a mall: {size.cameras} cameras, {size.people} people, {size.minutes:g} minutes")
    start = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0) - timedelta(days=1)
    with clock.step("simulate"):
        simulated = size.simulate(folder, people=size.people, minutes=size.minutes, seed=seed, start=start)
    news(f"filmed {simulated.frames * len(simulated.videos)} frames in {clock.seconds['simulate']:.0f} s")
    return simulated


def _answer(folder: FilePath, settings: Settings, simulated: Simulated, clock: Clock, news: News) -> dict[str, Any]:
    with clock.step("ingest"):
        _ingest(settings, simulated)
    with clock.step("extract"):
        _extract(settings, simulated, news)
    with clock.step("ask"), Mall(settings.needed("serve_url"), settings.needed("api_key")) as mall:
        answers = _ask(mall, simulated)
    with clock.step("compare"):
        truth = read_truth(simulated.folder, simulated.site, simulated.window.start)
        summary = _compare(truth, answers)
        _draw(folder / PICTURE, simulated, truth, answers["blue"], summary)
    _tell(summary, answers, truth, simulated, clock, folder, news)
    return {**summary, "seconds": round(clock.total_s, 1)}


def _ingest(settings: Settings, simulated: Simulated) -> None:
    with Store(settings.needed("database_admin"), role="admin", size=1) as store, store.connection() as connection:
        sites.save(connection, simulated.site, valid_from=simulated.window.start)
    with Store(settings.needed("database_ingest"), role="ingest", size=2) as store:
        for camera_id, video in simulated.videos.items():
            archive.ingest(
                video,
                simulated.site.camera(camera_id),
                simulated.window.start,
                simulated.window.end,
                store=archive.StoredSegments(store),
                objects=ObjectStore(settings.objects()),
            )


def _extract(settings: Settings, simulated: Simulated, news: News) -> None:
    connect(settings)
    summary = extract.extract(resources(settings), simulated.window)
    news(
        f"extracted {summary.camera_hours * 60:.0f} camera-minutes: {summary.tracklets} tracklets, {summary.persons} persons"
    )
    import ray

    ray.shutdown()


def _ask(mall: Mall, simulated: Simulated) -> dict[str, list[dict[str, Any]]]:
    window: dict[str, Any] = {"from_": simulated.window.start, "to": simulated.window.end}
    return {
        "all": mall.ask("paths", **window).rows,
        "blue": mall.ask("paths", **window, attribute=["shirt:blue"]).rows,
        "shoes": mall.ask("paths", **window, attribute=["shoes:yes"]).rows,
        "distance": mall.ask("average-distance", **window).rows,
        "section": mall.ask("people-in-section", section=SECTION, at=_busy_moment(simulated)).rows,
    }


def _busy_moment(simulated: Simulated) -> datetime:
    return simulated.window.start + (simulated.window.end - simulated.window.start) * 0.75


def _compare(truth: Sequence[TruePerson], answers: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    scores = score_paths(truth, as_paths(answers["all"]))
    return {
        "persons": scores.persons,
        "true_persons": scores.true_persons,
        "idf1_1m": round(scores.idf1_1m, 1),
        "paths_blue_shirt": len(as_paths(answers["blue"])),
        "true_paths_blue_shirt": len(_wearing(truth, "shirt", "blue")),
        "average_distance_m": round(answers["distance"][0]["average_distance_m"] or 0.0, 1),
        "true_average_distance_m": round(float(np.mean([person.distance_m for person in truth])), 1),
    }


def as_paths(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Path]]:
    """The rows of an answer to `paths` as paths, by person."""
    stays: dict[tuple[str, int, int], list[tuple[float, float, float]]] = defaultdict(list)
    for row in rows:
        moment = datetime.fromisoformat(row["taken_at"]).timestamp()
        stays[row["person"], row["floor"], row["stay"]].append((moment, row["x_m"], row["y_m"]))
    paths: dict[str, list[Path]] = defaultdict(list)
    for (person, floor, _), points in stays.items():
        ordered = np.array(points)
        paths[person].append(Path(floor, ordered[:, 0], ordered[:, 1:]))
    return dict(paths)


def _wearing(truth: Sequence[TruePerson], key: str, value: str) -> list[TruePerson]:
    return [person for person in truth if person.attributes.get(key) == value]


def _draw(
    file: FilePath,
    simulated: Simulated,
    truth: Sequence[TruePerson],
    rows: list[dict[str, Any]],
    summary: Mapping[str, Any],
) -> None:
    caption = (
        f"{simulated.site.name}, {simulated.window.start:%Y-%m-%d %H:%M} UTC, {len(simulated.videos)} cameras, {simulated.window.seconds / 60:g} minutes; "
        f"all {summary['persons']} found persons of {summary['true_persons']}: IDF1 {summary['idf1_1m']} within 1 m; axes in metres"
    )
    picture.save(file, simulated.site, _wearing(truth, "shirt", "blue"), as_paths(rows), caption)


def _tell(
    summary: Mapping[str, Any],
    answers: Mapping[str, list[dict[str, Any]]],
    truth: Sequence[TruePerson],
    simulated: Simulated,
    clock: Clock,
    folder: FilePath,
    news: News,
) -> None:
    moment = _busy_moment(simulated)
    section = simulated.site.section(SECTION)
    true_count = people_in(truth, section.polygon, section.floor, moment.timestamp())
    local = moment.astimezone(simulated.site.time_zone)
    news("")
    news(f"{'':44}answered    true")
    for question, found, true in (
        ("persons", summary["persons"], summary["true_persons"]),
        ("paths of people wearing blue shirts", summary["paths_blue_shirt"], summary["true_paths_blue_shirt"]),
        ("paths of people wearing shoes", len(as_paths(answers["shoes"])), len(_wearing(truth, "shoes", "yes"))),
        ("average distance covered (m)", summary["average_distance_m"], summary["true_average_distance_m"]),
        (f"people in the {section.name.lower()} at {local:%H:%M:%S}", answers["section"][0]["people"], true_count),
    ):
        news(f"{question:44}{found!s:>8}{true!s:>8}")
    news(f"identity of everybody at every moment (IDF1 within 1 m): {summary['idf1_1m']} %")
    news("where the time went: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in clock.seconds.items()))
    news(f"the found paths below the true ones: {folder / PICTURE}")
