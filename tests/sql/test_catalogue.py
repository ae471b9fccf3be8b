import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.world.attributes import ATTRIBUTES, UNKNOWN
from models.world.errors import BadParameter, UnknownQuestion, UnknownSection
from sql import asking
from sql.asking import Answer
from sql.catalogue import Catalogue
from sql.store import Store
from sql.text import QUERIES
from tests.sql import mall
from tests.sql.mall import SITE

GOLDEN = Path(__file__).parent / "golden"
CATALOGUE = Catalogue.load()
HOSTILE = ["'; drop table person; --", "food-court' or '1'='1", "%s", "%(from)s", "$1", "\\", "🙂", "ＦＯＯＤ"]


def ask(store: Store, question_id: str, inputs: dict[str, Any]) -> Answer:
    question = CATALOGUE.question(question_id)
    with store.connection() as connection:
        return asking.ask(connection, question, question.bind(inputs, SITE.time_zone))


def test_every_question_gives_its_golden_answers(filled: Store, read: Store) -> None:
    for question in CATALOGUE.questions.values():
        path = GOLDEN / f"{question.id}.yaml"
        assert path.exists(), f"the question {question.id} has no golden answer; write {path}"
        for case in yaml.safe_load(path.read_text()):
            answer = ask(read, question.id, with_ids(case["inputs"]))
            said = f"{question.id} {case['inputs']}"
            assert [named(row) for row in answer.rows] == [close(row) for row in case["rows"]], said
            assert answer.unknown == case.get("unknown"), said
            assert answer.columns == tuple(column.name for column in question.columns), said
            assert all(len(row) == len(answer.columns) for row in answer.rows), said


def test_the_first_rows_of_an_answer_are_those_of_the_whole(filled: Store, read: Store) -> None:
    question = CATALOGUE.question("paths")
    bound = question.bind({"from": "2026-11-20T09:00Z", "to": "2026-11-20T11:00Z"}, SITE.time_zone)
    with read.connection() as connection:
        whole = asking.ask(connection, question, bound)
        first = asking.ask(connection, question, bound, most=3)
    assert first.rows == whole.rows[:3]
    assert len(whole.rows) > 3


def test_every_golden_answer_belongs_to_a_question() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(CATALOGUE.questions)


def with_ids(inputs: dict[str, Any]) -> dict[str, Any]:
    """A person is named in the golden inputs, as in the rows."""
    ids = {name: str(key) for key, name in mall.NAMES.items()}
    return {key: ids[value] if key == "person" else value for key, value in inputs.items()}


def named(row: tuple[Any, ...]) -> list[Any]:
    return [mall.NAMES[value] if isinstance(value, uuid.UUID) else value for value in row]


def close(row: list[Any]) -> list[Any]:
    """A golden row: figures to a tenth of a millimetre, a mapping as one value for each attribute, what it leaves out unknown."""
    values: list[Any] = []
    for value in row:
        if isinstance(value, dict):
            values += [value.get(key, UNKNOWN) for key in ATTRIBUTES]
        else:
            values.append(pytest.approx(value, abs=1e-4) if isinstance(value, float) else value)
    return values


def test_hostile_strings_find_nothing_and_break_nothing(filled: Store, read: Store) -> None:
    window = {"from": "2026-11-20T09:00Z", "to": "2026-11-20T11:00Z"}
    before = ask(read, "people", window)
    for text in HOSTILE:
        with pytest.raises(UnknownSection):
            ask(read, "people", {**window, "section": text})
        with pytest.raises(BadParameter):
            ask(read, "people", {**window, "attribute": text})
        with pytest.raises(BadParameter):
            ask(read, "people", {**window, "attribute": f"shirt:{text}"})
    assert ask(read, "people", window) == before


@pytest.mark.parametrize(
    ("inputs", "parameter"),
    [
        ({"to": "2026-11-20T11:00Z"}, "from"),
        ({"from": "", "to": "2026-11-20T11:00Z"}, "from"),
        ({"from": "noon", "to": "2026-11-20T11:00Z"}, "from"),
        ({"from": "0001-01-01T00:00+14:00", "to": "2026-11-20T11:00Z"}, "from"),
        ({"from": "2026-11-20T11:00Z", "to": "2026-11-20T11:00Z"}, "to"),
        ({"from": "2026-11-20T11:00Z", "to": ["2026-11-20T12:00Z", "2026-11-20T13:00Z"]}, "to"),
        ({"from": "2026-10-25T02:30", "to": "2026-11-20T11:00Z"}, "from"),
        ({"from": "2026-11-20T09:00Z", "to": "2026-11-20T11:00Z", "floor": "ground"}, "floor"),
        ({"from": "2026-11-20T09:00Z", "to": "2026-11-20T11:00Z", "floor": "99999999999999"}, "floor"),
        ({"from": "2026-11-20T09:00Z", "to": "2026-11-20T11:00Z", "section": "a\0b"}, "section"),
        ({"from": "2026-11-20T09:00Z", "to": "2026-11-20T11:00Z", "section": "x" * 201}, "section"),
        ({"from": "2026-11-20T09:00Z", "to": "2026-11-20T11:00Z", "attribute": "age:old"}, "attribute"),
        ({"from": "2026-11-20T09:00Z", "to": "2026-11-20T11:00Z", "limit": "1"}, "limit"),
    ],
)
def test_a_wrong_input_is_refused_by_name(inputs: dict[str, Any], parameter: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        CATALOGUE.question("paths").bind(inputs, SITE.time_zone)
    assert refusal.value.parameter == parameter


def test_a_floor_that_the_mall_has_not_is_refused(filled: Store, read: Store) -> None:
    with pytest.raises(BadParameter, match="known: 0, 1"):
        ask(read, "paths", {"from": "2026-11-20T09:00Z", "to": "2026-11-20T11:00Z", "floor": 7})


def test_an_unknown_question_is_refused() -> None:
    with pytest.raises(UnknownQuestion, match="average-distance"):
        CATALOGUE.question("favourite-colour")


def test_inputs_are_told_back_as_given() -> None:
    inputs = {"section": "food-court", "at": "2026-11-20T11:12", "attribute": "shirt:blue"}
    bound = CATALOGUE.question("people-in-section").bind(inputs, SITE.time_zone)
    assert bound.inputs == {**inputs, "attribute": ["shirt:blue"]}


def test_a_question_at_a_moment_needs_that_moment_covered() -> None:
    bound = CATALOGUE.question("people-in-section").bind({"section": "x", "at": "2026-11-20T11:12"}, SITE.time_zone)
    assert bound.window.start == datetime(2026, 11, 20, 10, 12, tzinfo=UTC)
    assert bound.window.end - bound.window.start == timedelta(seconds=1)


def test_front_matter_with_a_mistake_names_its_file(tmp_path: Path) -> None:
    text = (QUERIES / "paths.sql").read_text()
    for wrong, name in (
        (text.replace("id: paths", "id: ways"), "called ways.sql"),
        (text.replace("result: paths", "result: picture"), "result is one of"),
        (text.replace("type: time,", "type: date,"), "'date' is not a type"),
        (text.replace("permission: individuals", "permission: all"), "permission one of"),
        (text.replace("permission: individuals", "permission: aggregates"), "an aggregate has a column 'people'"),
        (text.replace("-- needs: [paths]", "-- need: [paths]"), "unknown words: need"),
        (text.replace("-- title: Paths of people\n", ""), "title"),
    ):
        assert wrong != text
        (tmp_path / "paths.sql").write_text(wrong)
        with pytest.raises(ValueError, match=rf"paths.sql: wrong front matter: .*{name}"):
            Catalogue.load(tmp_path)
