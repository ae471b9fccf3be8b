"""Answers of the store against the truth that numpy works out from the walks alone."""

from datetime import datetime
from typing import Any

import numpy as np

from cluster.bench_store.asking import QUESTIONS, text
from cluster.bench_store.filled import Crowd
from pipelines.simulator.crowd.building import site
from pipelines.simulator.crowd.truth import Truth, day_window_s
from pipelines.simulator.crowd.walking import walk_day
from sql import asking
from sql.store import Store

SECTION, QUEUE = "street-0", "queue-food-court"
Rows = list[tuple[Any, ...]]


def answers(read: Store, crowd: Crowd) -> dict[str, int]:
    """How many answers about a day were asked, for everybody and for one colour, and how many are right."""
    day = crowd.some_day(np.random.default_rng(crowd.seed))
    truth, right, asked = Truth(walk_day(day, crowd.people, crowd.seed)), 0, 0
    for wanted in ({}, {"shirt": "black"}):
        for question_id, more, rows in _expected(truth, day_window_s(day), wanted):
            right, asked = right + same(_told(read, question_id, day_window_s(day), wanted, more), rows), asked + 1
    return {"asked": asked, "right": right}


def _expected(
    truth: Truth, window: tuple[float, float], wanted: dict[str, str]
) -> list[tuple[str, dict[str, str], Rows]]:
    return [
        ("footfall", {}, truth.footfall(*window, None, wanted)),
        ("dwell-time", {}, truth.dwell_time(*window, None, wanted)),
        ("average-distance", {}, truth.average_distance(*window, wanted)),
        ("average-distance", {"section": SECTION}, truth.average_distance_in(SECTION, *window, wanted)),
        ("visitors", {}, truth.visitors(*window, wanted)),
        ("flows", {}, truth.flows(*window, wanted)),
        ("people-over-time", {"section": SECTION}, truth.people_over_time(SECTION, *window, wanted)),
        ("queue-waiting", {"section": QUEUE}, truth.queue_waiting(QUEUE, *window, wanted)),
    ]


def _told(
    read: Store, question_id: str, window: tuple[float, float], wanted: dict[str, str], more: dict[str, str]
) -> Rows:
    question = QUESTIONS[question_id]
    attribute = [f"{key}:{value}" for key, value in wanted.items()]
    inputs = {"from": text(window[0]), "to": text(window[1]), "attribute": attribute, **more}
    with read.connection() as connection:
        return asking.ask(connection, question, question.bind(inputs, site().time_zone)).rows


def same(rows: Rows, truth: Rows) -> bool:
    """The same rows in any order; numbers to a ten-thousandth."""

    def close(one: Any, other: Any) -> bool:
        return bool(np.isclose(one, other, rtol=1e-9, atol=1e-4)) if isinstance(one, float) else bool(one == other)

    ours, theirs = sorted(rows, key=_words), sorted(truth, key=_words)
    return len(ours) == len(theirs) and all(all(map(close, a, b)) for a, b in zip(ours, theirs, strict=True))


def _words(row: tuple[Any, ...]) -> str:
    return str([one for one in row if isinstance(one, str | datetime)])
