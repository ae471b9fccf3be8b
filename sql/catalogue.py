"""The catalogue: every question that may be asked, each one file in `sql/queries`.

A file is one SQL statement below comment lines that hold YAML: id, title, description, parameters, result, columns,
permission, needs and, where the answer is that of each of the mall's own days one after another, `by: day`. It is data only: no conditions, no templating. Values are bound, never put into the text.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast, get_args
from zoneinfo import ZoneInfo

import yaml

from models.world.attributes import ATTRIBUTES
from models.world.errors import BadParameter, UnknownQuestion
from models.world.periods import Window
from sql.keys import PERMISSIONS
from sql.parameters import Parameter, Type, read_value
from sql.text import QUERIES

Result = Literal["paths", "rows", "scalar", "series"]
INSTANT = timedelta(seconds=1)
"""What must be covered for a question about one moment, from that moment on."""
PEOPLE = "people"
"""The column that says how many people stand behind a row of an aggregate."""


@dataclass(frozen=True)
class Column:
    """A column of an answer; `type` is id, text, time, number or integer."""

    name: str
    type: str
    unit: str | None = None


@dataclass(frozen=True)
class Bound:
    """A question's parameters, checked.

    `values` go to the database, with the mall's time zone as `zone`; `inputs` is their text form, for answer and audit.
    """

    question_id: str
    values: Mapping[str, Any]
    inputs: Mapping[str, str | list[str]]
    zone: str

    @property
    def window(self) -> Window:
        """The time that must be covered for an answer."""
        if "at" in self.values:
            return Window(self.values["at"], self.values["at"] + INSTANT)
        return Window(self.values["from"], self.values["to"])


@dataclass(frozen=True)
class Question:
    """A named query with typed parameters."""

    id: str
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    result: Result
    columns: tuple[Column, ...]
    permission: str
    needs: tuple[str, ...]
    sql: bytes
    by_day: bool = False

    def bind(self, inputs: Mapping[str, object], zone: ZoneInfo) -> Bound:
        """The inputs as values; a time without offset is local time in `zone`.

        Raises BadParameter, naming the parameter, for what is missing, unknown, of the wrong type or out of order.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in inputs:
            if name not in known:
                raise BadParameter(name, f"{self.id} has no parameter {name!r}; it has: {', '.join(known)}")
        texts = {name: _texts(parameter, inputs.get(name)) for name, parameter in known.items()}
        values = {name: _value(parameter, texts[name], zone) for name, parameter in known.items()}
        _check_order(values)
        given = {name: (text if known[name].multiple else text[0]) for name, text in texts.items() if text}
        return Bound(self.id, values, given, zone.key)


class Catalogue:
    """All questions, by id."""

    def __init__(self, questions: Mapping[str, Question]) -> None:
        self.questions = dict(questions)

    @classmethod
    def load(cls, folder: Path = QUERIES) -> "Catalogue":
        """Read every `*.sql` of the folder and those below. Raises ValueError, naming the file, for wrong front matter."""
        questions = [read_question(path) for path in sorted(folder.rglob("*.sql"))]
        return cls({question.id: question for question in questions})

    def question(self, question_id: str) -> Question:
        """The question with this id. Raises UnknownQuestion."""
        if question_id not in self.questions:
            raise UnknownQuestion(f"there is no question {question_id!r}; known: {', '.join(sorted(self.questions))}")
        return self.questions[question_id]


def read_question(path: Path) -> Question:
    """A question from its file. Raises ValueError naming the file and what is wrong."""
    text = path.read_text()
    comments = list(itertools.takewhile(lambda line: line.startswith("--"), text.splitlines()))
    front = "\n".join(line.removeprefix("-- ").removeprefix("--") for line in comments)
    body = "\n".join(text.splitlines()[len(comments) :])
    try:
        question = _question(yaml.safe_load(front), body)
        if path.stem != question.id:
            raise ValueError(f"the file must be called {question.id}.sql")
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path.name}: wrong front matter: {error!r}") from error
    return question


def _question(fields: Mapping[str, Any], body: str) -> Question:
    unknown = set(fields) - {
        "id",
        "title",
        "description",
        "parameters",
        "result",
        "columns",
        "permission",
        "needs",
        "by",
    }
    if unknown:
        raise ValueError(f"unknown words: {', '.join(sorted(unknown))}")
    if fields["result"] not in get_args(Result) or fields["permission"] not in PERMISSIONS:
        raise ValueError(f"result is one of {get_args(Result)}, permission one of {PERMISSIONS}")
    if fields.get("by", "day") != "day" or ("by" in fields and {"from", "to"} - _names(fields)):
        raise ValueError("by is `day`, for a question with the parameters from and to, or left out")
    columns = tuple(column for entry in fields["columns"] for column in _columns(entry))
    if fields["permission"] == "aggregates" and PEOPLE not in {column.name for column in columns}:
        raise ValueError(f"an aggregate has a column {PEOPLE!r}: it decides whether a group is too small to show")
    return Question(
        id=fields["id"],
        title=fields["title"],
        description=fields["description"].strip(),
        parameters=tuple(_parameter(parameter) for parameter in fields["parameters"]),
        result=cast(Result, fields["result"]),
        columns=columns,
        permission=fields["permission"],
        needs=tuple(fields["needs"]),
        sql=body.encode(),
        by_day="by" in fields,
    )


def _names(fields: Mapping[str, Any]) -> set[str]:
    return {entry["name"] for entry in fields["parameters"]}


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    if entry["type"] not in get_args(Type):
        raise ValueError(f"{entry['type']!r} is not a type; known: {', '.join(get_args(Type))}")
    return Parameter(**entry)


def _columns(entry: Mapping[str, Any]) -> Iterator[Column]:
    """A column of type `attributes` (jsonb) stands for one column per attribute."""
    if entry["type"] == "attributes":
        yield from (Column(key, "text") for key in ATTRIBUTES)
    else:
        yield Column(**entry)


def _texts(parameter: Parameter, given: object) -> list[str]:
    items = given if isinstance(given, list | tuple) else [given]
    texts = [str(item) for item in items if item is not None and str(item) != ""]
    if parameter.required and not texts:
        raise BadParameter(parameter.name, f"the parameter {parameter.name!r} ({parameter.description}) is required")
    if len(texts) > 1 and not parameter.multiple:
        raise BadParameter(parameter.name, f"{parameter.name!r} may be given once; got {len(texts)}")
    return texts


def _value(parameter: Parameter, texts: list[str], zone: ZoneInfo) -> Any:
    values = [read_value(parameter, text, zone) for text in texts]
    if parameter.type == "attribute":
        return json.dumps(_wanted(values))
    return (values if parameter.multiple else values[0]) if values else None


def _wanted(pairs: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Pairs as one object for jsonb containment; two values of a key are a list, which no single value contains."""
    wanted: dict[str, str | list[str]] = {}
    for key in dict.fromkeys(key for key, _ in pairs):
        values = list(dict.fromkeys(value for name, value in pairs if name == key))
        wanted[key] = values[0] if len(values) == 1 else values
    return wanted


def _check_order(values: Mapping[str, Any]) -> None:
    start, end = values.get("from"), values.get("to")
    if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
        raise BadParameter("to", f"the window must end after it starts; got {start.isoformat()} to {end.isoformat()}")
