"""What the logic may expect of any store: the same tests on the one in memory, which its own tests run on, and on PostGIS.

The known mall (`tests/sql/mall.py`) from nine to eleven, filmed by both cameras until half past eleven. cam2's last half hour
before eleven could not be used; what was filmed after eleven is not extracted.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import yaml

from models.world.errors import BadParameter, NotFound, NotRecorded, UnknownSection
from models.world.periods import Window
from serve.logic.orders import StoredOrders
from serve.logic.ports import Orders, Read, Records
from serve.logic.records import StoredRecords
from sql import keys, ledger, people, sites, videos
from sql.catalogue import Catalogue
from sql.coverage import CameraCoverage, Covered, Unusable
from sql.keys import Caller
from sql.store import LATEST, Store
from tests.conftest import Database
from tests.serve.mall import MemoryRecords
from tests.serve.orders import MemoryOrders
from tests.serve.walkers import ROWS
from tests.sql import mall
from tests.sql.mall import NINE, SITE, TEN, VERSION, VISITORS
from tests.sql.test_catalogue import GOLDEN, close, named

QUESTIONS = Catalogue.load().questions
ELEVEN, EXTRACTOR = TEN + timedelta(hours=1), "mall-people-1"
HALF = timedelta(minutes=30)
UNUSABLE = Window(TEN + HALF, ELEVEN)
FILES = [Window(NINE, TEN), Window(TEN, TEN + HALF), UNUSABLE, Window(ELEVEN, ELEVEN + HALF)]
COVERED = {"cam1": [Window(NINE, ELEVEN)], "cam2": [Window(NINE, TEN + HALF)]}
SOMEBODY = Caller("somebody", frozenset({"aggregates"}))
LATE = {"cam1": [FILES[3]]}
"""What is missing for a question about half an hour before one camera."""


@dataclass(frozen=True)
class World:
    """A store as the logic sees it, with a key of somebody who may ask for aggregates, and its audit."""

    records: Records
    orders: Orders
    key: str
    audit: Any


@pytest.fixture(params=["memory", "postgis"])
def world(request: pytest.FixtureRequest) -> World:
    made: World = request.getfixturevalue(request.param)
    return made


@pytest.fixture(params=["memory", "postgis"])
def nothing(request: pytest.FixtureRequest) -> Records:
    """A store in which no site is loaded."""
    if request.param == "memory":
        return MemoryRecords(site=None)
    return StoredRecords(request.getfixturevalue("read"))


@pytest.fixture
def memory() -> World:
    gaps = {"cam1": [], "cam2": [Unusable(UNUSABLE, ledger.CORRUPT)]}
    filmed = [Window(NINE, ELEVEN + HALF)]
    known = [CameraCoverage(name, filmed, COVERED[name], {EXTRACTOR}, gaps[name]) for name in COVERED]
    records = MemoryRecords(site=SITE, coverage=known, walkers=VISITORS, callers={"k": SOMEBODY})
    records.versions = {"association": [], "attributes": [VERSION]}
    return World(records, MemoryOrders(recorded=dict.fromkeys(COVERED, FILES), alive=0), "k", lambda: records.reads)


@pytest.fixture
def postgis(admin: Store, ingest: Store, database: Database) -> Iterator[World]:
    with admin.connection() as connection:
        sites.save(connection, SITE)
        key = keys.create(connection, SOMEBODY.name, sorted(SOMEBODY.permissions))
    with ingest.connection() as connection:
        for camera in SITE.cameras:
            for number, window in enumerate(FILES):
                videos.add(connection, mall.segment(camera.id, window.start, window.seconds / 60, f"{number}"))
    for hour in (NINE, TEN):
        load(ingest, hour)

    def audit() -> list[Read]:
        with admin.connection() as connection:
            rows = connection.execute("select who, action, question, inputs, outcome, request_id from audit")
            return [Read(*row) for row in rows]

    with Store(database.read_dsn, role="read", size=2) as pool:
        yield World(StoredRecords(pool), StoredOrders(pool), key, audit)


def load(ingest: Store, hour: Any) -> None:
    with ingest.connection() as connection:
        claim = ledger.claim_load(connection, SITE.name, hour, "test", 60)
    assert claim is not None
    parts = [Covered(name, part, EXTRACTOR) for name, all_ in COVERED.items() for part in clipped(all_, claim.window)]
    parts += [Covered("cam2", part, EXTRACTOR, ledger.CORRUPT) for part in clipped([UNUSABLE], claim.window)]
    with ingest.connection() as connection:
        people.replace_hour(connection, claim, mall.hour_of_people(VISITORS, hour), parts)


def clipped(windows: Sequence[Window], hour: Window) -> list[Window]:
    return [part for window in windows if (part := window.overlap(hour)) is not None]


def test_the_site_is_the_one_that_was_loaded(world: World) -> None:
    with world.records.reading() as reading:
        site = reading.site()
    assert (site.name, site.time_zone, site.georeference) == (SITE.name, SITE.time_zone, SITE.georeference)
    assert [floor.id for floor in site.floors] == [0, 1]
    assert {section.id: section.polygon for section in site.sections} == {one.id: one.polygon for one in SITE.sections}
    assert [camera.id for camera in site.cameras] == ["cam1", "cam2"]


def test_before_a_site_is_loaded_there_is_none(nothing: Records) -> None:
    with nothing.reading() as reading, pytest.raises(NotFound):
        reading.site()


def test_coverage_is_told_within_the_window(world: World) -> None:
    asked = Window(TEN + HALF - timedelta(minutes=10), ELEVEN + timedelta(minutes=10))
    with world.records.reading() as reading:
        one, two = reading.coverage(asked)
        assert reading.coverage(Window(NINE - timedelta(days=1), NINE)) == []
    assert (one.camera_id, one.recorded, one.covered, one.gaps) == ("cam1", [asked], [Window(asked.start, ELEVEN)], [])
    assert two.covered == [Window(asked.start, UNUSABLE.start)]
    assert two.gaps == [Unusable(UNUSABLE, ledger.CORRUPT)]
    assert one.missing == two.missing == [Window(ELEVEN, asked.end)]
    assert one.extractors == {EXTRACTOR}


def test_how_often_was_looked_is_not_told_where_it_was_not_noted(world: World) -> None:
    with world.records.reading() as reading:
        assert reading.looked(Window(NINE, ELEVEN)) == {}


def test_a_camera_that_only_recorded_names_no_extractor_and_no_versions(world: World) -> None:
    asked = Window(ELEVEN, ELEVEN + HALF)
    with world.records.reading() as reading:
        assert [(one.covered, one.extractors) for one in reading.coverage(asked)] == [([], set())] * 2
        assert reading.versions(asked) == {"association": [], "attributes": []}
        assert reading.versions(Window(NINE, TEN)) == {"association": [], "attributes": [VERSION]}


def test_a_section_or_floor_that_never_was_is_refused(world: World) -> None:
    window = {"from": NINE.isoformat(), "to": ELEVEN.isoformat()}
    question = QUESTIONS["paths"]
    with world.records.reading() as reading:
        reading.check(question.bind({**window, "section": "food-court", "floor": 1}, SITE.time_zone))
        with pytest.raises(UnknownSection):
            reading.check(question.bind({**window, "section": "nowhere"}, SITE.time_zone))
        with pytest.raises(BadParameter):
            reading.check(question.bind({**window, "floor": 7}, SITE.time_zone))


@pytest.mark.parametrize("question_id", sorted(ROWS))
def test_questions_have_their_golden_answers(world: World, question_id: str) -> None:
    question = QUESTIONS[question_id]
    for case in yaml.safe_load((GOLDEN / f"{question_id}.yaml").read_text()):
        bound = question.bind(case["inputs"], SITE.time_zone)
        with world.records.reading() as reading:
            told, undecided = list(reading.rows(question, bound, None)), reading.undecided(bound)
        with world.records.streaming() as reading:
            rest = (
                [row for number in (1, len(told) - 1) for row in reading.rows(question, bound, told[number][0])]
                if told[1:]
                else []
            )
        assert [named(row) for _, row in told] == [close(row) for row in case["rows"]], case["inputs"]
        assert undecided == case.get("unknown"), case["inputs"]
        assert rest == [*told[1:], *told[-1:]] or not told[1:]


def test_a_read_is_kept_for_the_auditor(world: World) -> None:
    read = Read("somebody", "ask", "paths", {"from": "now", "attribute": ["shirt:blue"]}, "answered", "r1")
    world.records.record_read(read)
    world.records.record_read(replace(read, question=None, outcome="bad-window"))
    assert world.audit() == [read, replace(read, question=None, outcome="bad-window")]


def test_a_key_says_who_it_is(world: World) -> None:
    assert world.records.caller(world.key) == SOMEBODY
    assert world.records.caller("guessed") is None
    assert world.records.schema_version() == LATEST


def test_what_is_missing_is_quoted_by_the_files_that_hold_it(world: World) -> None:
    quote = world.orders.quote({"cam1": [Window(ELEVEN + timedelta(minutes=5), ELEVEN + timedelta(minutes=6))]})
    assert (quote.window, quote.camera_s, len(quote.segment_ids)) == (FILES[3], HALF.total_seconds(), 1)
    both = world.orders.quote({"cam1": [FILES[3]], "cam2": [FILES[3]]})
    assert (both.window, both.camera_s) == (FILES[3], 2 * HALF.total_seconds())
    for gone in ({}, {"cam1": [Window(NINE - HALF, NINE)]}, {"cam9": [FILES[3]]}):
        with pytest.raises(NotRecorded):
            world.orders.quote(gone)


def placed(world: World, who: str = "ann", missing: Any = LATE) -> uuid.UUID:
    job = world.orders.place(world.orders.quote(missing), "people", {"from": "eleven"}, who, None)
    return job.job_id


def test_equal_wishes_are_one_request_that_several_wait_for(world: World) -> None:
    quote = world.orders.quote(LATE)
    assert not world.orders.is_wanted(quote)
    first, second = world.orders.standing(placed(world)), world.orders.standing(placed(world, "bob"))
    assert first is not None
    assert second is not None
    assert first.job.request.request_id == second.job.request.request_id
    assert (first.job.who, second.job.who, first.state) == ("ann", "bob", "accepted")
    assert (first.job.question, first.job.inputs) == ("people", {"from": "eleven"})
    assert world.orders.is_wanted(quote)
    assert not world.orders.is_wanted(world.orders.quote({"cam2": [FILES[3]]}))
    assert world.orders.queue().accepted == 1


def test_a_standing_tells_what_is_to_be_done(world: World) -> None:
    standing = world.orders.standing(placed(world))
    assert standing is not None
    assert (standing.progress.camera_s, standing.progress.camera_s_done) == (HALF.total_seconds(), 0.0)
    assert (standing.progress.segments, standing.percent, standing.handlers) == (1, 0, world.orders.handlers())
    assert not standing.has_ended
    assert world.orders.standing(uuid.uuid4()) is None


def test_jobs_are_listed_newest_first_of_one_or_of_all(world: World) -> None:
    ann, bob, late = placed(world), placed(world, "bob"), placed(world, "ann", {"cam2": [FILES[3]]})
    told = {who: [one.job.job_id for one in world.orders.standings(who, 9)] for who in (None, "ann", "bob", "cyd")}
    assert told == {None: [late, bob, ann], "ann": [late, ann], "bob": [bob], "cyd": []}
    assert [one.job.job_id for one in world.orders.standings(None, 2)] == [late, bob]
    assert [one.job.job_id for one in world.orders.standings("ann", 1)] == [late]


def test_the_last_who_gives_up_ends_the_request(world: World) -> None:
    ann, bob = placed(world), placed(world, "bob")
    world.orders.dismiss(ann)
    states = [standing.state for job in (ann, bob) if (standing := world.orders.standing(job)) is not None]
    assert states == ["dismissed", "accepted"]
    assert world.orders.is_wanted(world.orders.quote(LATE))
    world.orders.dismiss(bob)
    last = world.orders.standing(bob)
    assert last is not None
    assert last.state == "dismissed"
    assert last.finished_at is not None
    assert not world.orders.is_wanted(world.orders.quote(LATE))
    assert world.orders.queue().accepted == 0
