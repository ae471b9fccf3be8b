"""Questions, timed: every question with other inputs each time, over an hour, a day and all days; alone and eight at once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from cluster.bench_store.filled import Crowd
from models.world.errors import StoreUnavailable
from pipelines.simulator.crowd.building import boxes, site
from pipelines.simulator.crowd.truth import day_window_s
from sql import asking, measuring
from sql.catalogue import Catalogue, Question
from sql.store import Store

QUESTIONS = Catalogue.load().questions
ROLLUPS = ("footfall", "dwell-time", "flows", "visitors", "busiest-times", "heat-map")
PAGE = 1000
"""Rows of a first page."""
COLOURS = ("black", "white", "grey", "red")
ANYWHERE = ("flows", "heat-map", "common-routes", "busiest-times")
"""Questions that are asked about the whole mall."""
Window = tuple[float, float]


def questions(read: Store, crowd: Crowd, asks: int) -> dict[str, dict[str, float]]:
    """p95 seconds of each question: `hour_s` the whole answer, `day_s` and `days_s` the first page.

    All is asked twice. These are of the second time; `first_day_s` is of the first, when a day may have to come from the disk.
    """
    spans: dict[str, Callable[[np.random.Generator], Window]] = {
        "hour_s": lambda random: busy_hour(crowd, random),
        "day_s": lambda random: day_window_s(crowd.some_day(random)),
    }
    if crowd.days > 1:
        spans["days_s"] = lambda _: (day_window_s(crowd.first)[0], day_window_s(crowd.last)[1])
    found: dict[str, dict[str, float]] = {}
    for question in sorted(QUESTIONS):
        found[question] = {}
        for name, window in spans.items():
            times = max(asks // 4, 2) if name == "days_s" else asks
            page = None if name == "hour_s" else PAGE
            first, again = (_asked(read, question, window, times, page, crowd.seed) for _ in range(2))
            found[question][name] = p95(again)
            if name == "day_s":
                found[question]["first_day_s"] = p95(first)
    return found


def _asked(
    read: Store,
    question: str,
    window: Callable[[np.random.Generator], Window],
    times: int,
    page: int | None,
    seed: int,
) -> list[float]:
    random = np.random.default_rng(seed)
    return [timed(read, question, window(random), random, page) for _ in range(times)]


def clients(read: Store, crowd: Crowd, asks: int) -> dict[str, float]:
    """p95 of rollup questions over a day, alone and with eight clients at once."""

    def some(seed: int) -> list[float]:
        random = np.random.default_rng(seed)
        return [
            timed(read, str(random.choice(ROLLUPS)), day_window_s(crowd.some_day(random)), random, PAGE)
            for _ in range(asks)
        ]

    alone = p95(some(1))
    with ThreadPoolExecutor(8) as pool:
        together = p95([one for took in pool.map(some, range(8)) for one in took])
    return {"alone_p95_s": alone, "eight_p95_s": together, "times": round(together / alone, 2)}


def timed(read: Store, question_id: str, window: Window, random: np.random.Generator, page: int | None) -> float:
    """Seconds until the answer, or its first page, is there; the limit on statements if it is not by then."""
    question = QUESTIONS[question_id]
    bound = question.bind(inputs(read, question, window, random), site().time_zone)
    began = time.perf_counter()
    try:
        with read.connection() as connection:
            asking.ask(connection, question, bound, page)
    except StoreUnavailable:
        return float("inf")
    return time.perf_counter() - began


def inputs(read: Store, question: Question, window: Window, random: np.random.Generator) -> dict[str, Any]:
    """Something to ask about the window."""
    given: dict[str, Any] = {"from": text(window[0]), "to": text(window[1])}
    given["at"] = text(random.uniform(*window))
    given["section"] = str(random.choice(sorted(boxes())))
    if question.id == "queue-waiting":
        given["section"] = str(random.choice([name for name in boxes() if name.startswith("queue-")]))
    given["attribute"] = [f"shirt:{random.choice(COLOURS)}"]
    given |= {"floor": 0, "x_m": float(random.uniform(20, 180)), "y_m": 30.0, "radius_m": 2.0}
    if question.id == "path-of-person":
        given |= {"person": str(_somebody(read, window)), "purpose": "measuring"}
    left_out = {"section", "floor"} if question.id in ANYWHERE else {"floor"} if question.id != "passers-by" else set()
    return {one.name: given[one.name] for one in question.parameters if one.name in given and one.name not in left_out}


def busy_hour(crowd: Crowd, random: np.random.Generator) -> Window:
    """An hour between ten and six on one of the days."""
    start = day_window_s(crowd.some_day(random))[0] + 3600 * float(random.integers(10, 18))
    return start, start + 3600


def _somebody(read: Store, window: Window) -> Any:
    with read.connection() as connection:
        return measuring.somebody(connection, _day(window))


def _day(window: Window) -> date:
    return datetime.fromtimestamp(window[0], site().time_zone).date()


def text(seconds: float) -> str:
    """A moment as an input."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def p95(seconds: list[float]) -> float:
    """What 95 of 100 stay below."""
    return round(float(np.quantile(seconds, 0.95, method="higher")), 4)
