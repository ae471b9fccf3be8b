"""Random questions over a mall with random holes in what is extracted: every answer is that of a mall without holes."""

from __future__ import annotations

import math
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, cast

import psycopg
import pytest
from fastapi import FastAPI

from cluster.embedded.postgres import PostgresServer
from models.world.errors import Busy, NotExtracted, NotRecorded
from pipelines.flow import Resources
from pipelines.handling import Hand
from pipelines.objects import FolderStore
from serve.app import ServeArgs, application
from serve.client import Answer, Job, Mall
from sql import handlers, keys, requests, sites, store, videos
from sql.catalogue import Catalogue
from sql.requests import Quote
from sql.store import Store
from tests.e2e.replayed import DAY, LENGTH, Day, Replay, filmed_day
from tests.pipelines.blobs import blob_detector
from tests.serve.http import InMemory

SEED, HOLES = 24, 0.7
MANY, EQUAL = 200, 50
OF_ONE = {"path-of-person", "passers-by"}
"""Questions about one person by id, or about the moment at which somebody passed: both differ in what `heard` leaves out."""
QUESTIONS = tuple(one for one in Catalogue.load().questions.values() if one.id not in OF_ONE)
WORN = {"shirt": ("green", "blue", "red"), "shoes": ("yes", "no"), "trousers": ("black",)}
STALL_S = 60.0
NO_JOBS: Any = None
"""All requests go to warm actors, for whom `Replay` stands in."""
Asked = Mapping[str, Any]
Heard = tuple[Any, ...]
"""What somebody heard who asked, fit to be compared: an answer without the names of people, or a refusal."""


@dataclass
class Installed:
    """A mall of its own store, in which all of the day is recorded and `Replay` extracts what a handler is told to."""

    day: Day
    resources: Resources
    ingest: Store
    app: FastAPI
    key: str
    wrote: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.replay = Replay(self.day, self.resources.objects, self.ingest, lambda: [one() for one in self.wrote])

    def client(self) -> Mall:
        return Mall("http://mall.test", self.key, transport=InMemory(self.app), poll_s=0.0)

    def extract(self, share: float, random: Random) -> None:
        """So much of the day is extracted already."""
        chosen = [one for one in self.day.segments if random.random() < share]
        wish = Quote(tuple(one.segment_id for one in chosen), DAY, sum(one.window.seconds for one in chosen))
        with self.ingest.connection() as connection:
            requests.want(connection, wish)
        assert self.handle()

    def handle(self, owner: str = "test") -> bool:
        """What a handler does, once; whether there was something to do."""
        with self.ingest.connection() as connection:
            handlers.beat(connection, owner, "test")
            claim = requests.claim(connection, owner, self.resources.lease_s)
        if claim is not None:
            Hand(self.resources, self.ingest, cast(Any, lambda: self.replay), NO_JOBS, math.inf, STALL_S).work_on(claim)
        return claim is not None


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    return filmed_day(tmp_path_factory.mktemp("day"), SEED)


@pytest.fixture(scope="module")
def another(
    day: Day, postgres: PostgresServer, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Installed]]:
    """Makes malls in which the same day is recorded."""
    made: list[Installed] = []

    def make() -> Installed:
        dsns = store.make_logins(postgres.create_database(f"holes{len(made)}", template=migrated))
        with Store(dsns["admin"], role="admin", size=1) as admin, admin.connection() as connection:
            sites.save(connection, day.site, valid_from=DAY.start)
            key = keys.create(connection, "tester")
        ingest = Store(dsns["ingest"], role="ingest", size=6)
        with ingest.connection() as connection:
            for segment in day.segments:
                assert videos.add(connection, segment)
        objects = FolderStore(tmp_path_factory.mktemp("objects"))
        resources = Resources(objects, dsns["ingest"], lease_s=60.0, load_detector=blob_detector())
        app = application(ServeArgs(database_read=dsns["read"], min_group=1, pool_size=8))
        made.append(Installed(day, resources, ingest, app, key))
        return made[-1]

    yield make
    for one in made:
        one.app.state.jobs.desk.records.close()
        one.ingest.close()
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for number in range(len(made)):
            connection.execute(f"drop database holes{number} with (force)")


@pytest.fixture(scope="module")
def whole(another: Callable[[], Installed]) -> Installed:
    """Everything was extracted before anybody asked."""
    made = another()
    made.extract(1.0, Random(SEED))
    return made


@pytest.fixture
def holey(another: Callable[[], Installed]) -> Installed:
    """Some of it was."""
    made = another()
    made.extract(1 - HOLES, Random(SEED))
    return made


def random_question(random: Random, day: Day) -> tuple[str, Asked]:
    """Any question of the catalogue, about any time of the day, anywhere, about anybody."""
    question = random.choice(QUESTIONS)
    parameters = {parameter.name: parameter for parameter in question.parameters}
    start = random.choice(day.segments).window.start + random.uniform(-1.0, 1.0) * LENGTH
    longest_s = random.choices((30, 300, 1800, 7200), (6, 4, 2, 1))[0]
    end = start + timedelta(seconds=random.uniform(1, longest_s))
    asked: dict[str, Any] = {"at": start} if "at" in parameters else {"from": start, "to": end}
    section = parameters.get("section")
    if section is not None and (section.required or random.random() < 0.3):
        asked["section"] = random.choice(day.site.sections).id
    if "attribute" in parameters and random.random() < 0.4:
        keys = random.sample(sorted(WORN), random.choice((1, 1, 2)))
        asked["attribute"] = [f"{key}:{random.choice(WORN[key])}" for key in keys]
    return question.id, asked


class Near(float):
    """A number that equals those within 0.05; shown to the nearest 1."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and abs(self - other) <= 0.05

    def __repr__(self) -> str:
        return f"{float(self):.0f}"


def heard(ask: Callable[[], Answer]) -> Heard:
    """What is heard, to 5 cm, whoever is called what: an id depends on what of a person was extracted first, and how looks
    differ is learned from all that is extracted.
    """
    try:
        answer = ask()
    except NotRecorded as refusal:
        return ("refused", str(refusal))
    people: dict[str, list[dict[str, object]]] = defaultdict(list)
    for row in answer.rows:
        near = {name: Near(value) if isinstance(value, float) else value for name, value in row.items()}
        people[near.pop("person", "")].append(near)
    passport = {name: value for name, value in answer.passport.items() if name != "computed_at"}
    return ("answered", sorted(people.values(), key=repr), passport)


def test_every_random_question_ends_with_the_answer_of_a_mall_without_holes(whole: Installed, holey: Installed) -> None:
    random, seen = Random(SEED), Counter[str]()
    with whole.client() as oracle, holey.client() as mall:
        for _ in range(MANY):
            asking = random_question(random, holey.day)
            expected = heard(partial(ask, oracle, *asking))
            holey.wrote[:] = [partial(whole_or_refused, mall, asking, expected, seen)]
            holey.wrote[0]()
            found = heard(partial(answered_in_the_end, holey, mall, asking, seen))
            assert found == expected, asking
            seen[found[0]] += 1
            seen["of people"] += found[0] == "answered" and found[1] != []
    assert seen["answered"] + seen["refused"] == MANY
    assert seen["known at once"] > seen["ordered"] > MANY / 5, seen
    assert seen["of people"] > MANY / 3, seen


def ask(mall: Mall, question: str, asked: Asked) -> Answer:
    return mall.ask(question, **asked)


def whole_or_refused(mall: Mall, asking: tuple[str, Asked], expected: Heard, seen: Counter[str]) -> None:
    """Whatever is said before all is known is the whole answer, or that it is not known."""
    try:
        assert heard(partial(ask, mall, *asking)) == expected, asking
        seen["known at once"] += 1
    except NotExtracted:
        seen["not known yet"] += 1


def answered_in_the_end(holey: Installed, mall: Mall, asking: tuple[str, Asked], seen: Counter[str]) -> Answer:
    """The answer, if need be after its job was worked on."""
    found = mall.order(asking[0], **asking[1])
    if isinstance(found, Answer):
        return found
    seen["ordered"] += 1
    assert holey.handle()
    assert mall.job(found.id).status == "successful"
    return mall.results(found.id)


def test_fifty_equal_questions_at_once_are_one_extraction(whole: Installed, holey: Installed) -> None:
    asking = ("paths", {"from": DAY.start, "to": DAY.end})
    together = threading.Barrier(EQUAL)

    def order(_: int) -> str | None:
        with holey.client() as mall:
            together.wait(timeout=60)
            with suppress(Busy):
                return ordered(mall, asking)
        return None

    with ThreadPoolExecutor(EQUAL) as threads, holey.client() as mall:
        at_once = list(threads.map(order, range(EQUAL)))
        job_ids = [job_id or ordered(mall, asking) for job_id in at_once]  # who was told to come back does
        assert sorted(threads.map(holey.handle, ("one", "other"))) == [False, True]
    assert len(set(job_ids)) == EQUAL
    assert Counter(holey.replay.worked_on) == Counter(str(one.segment_id) for one in holey.day.segments)
    with whole.client() as oracle, holey.client() as mall:
        expected = heard(partial(ask, oracle, *asking))
        assert all(heard(partial(mall.results, job_id)) == expected for job_id in job_ids)


def ordered(mall: Mall, asking: tuple[str, Asked]) -> str:
    found = mall.order(asking[0], **asking[1])
    assert isinstance(found, Job)
    return found.id
