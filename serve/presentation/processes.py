"""The catalogue's questions as OGC API - Processes 1.0 process descriptions (OGC 18-062r2)."""

from collections.abc import Iterable, Mapping

from models.world.attributes import ATTRIBUTES
from serve.logic.callbacks import URIS
from sql.catalogue import Question
from sql.parameters import Parameter

VERSION = "1.0.0"
CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}"
    for name in ("core", "ogc-process-description", "json", "oas30", "job-list", "callback", "dismiss")
)
_SCHEMAS: Mapping[str, Mapping[str, object]] = {
    "time": {"type": "string", "format": "date-time"},
    "text": {"type": "string"},
    "person": {"type": "string", "format": "uuid"},
    "section": {"type": "string", "format": "section"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "floor": {"type": "integer", "format": "floor"},
    "attribute": {
        "type": "string",
        "enum": [f"{key}:{value}" for key, values in ATTRIBUTES.items() for value in values],
    },
}
Document = dict[str, object]


def summary(question: Question) -> Document:
    """The short description, as it stands in the list of processes."""
    return {
        "id": question.id,
        "title": question.title,
        "description": question.description,
        "keywords": [question.result, *question.needs],
        "version": VERSION,
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "links": [_link(f"/processes/{question.id}", "self", "the description of this question")],
    }


def process_list(questions: Iterable[Question]) -> Document:
    """All questions."""
    return {
        "processes": [summary(question) for question in questions],
        "links": [_link("/processes", "self", "all questions")],
    }


def description(question: Question) -> Document:
    """The whole description: inputs with their schemas, the output with its columns, and where to ask."""
    return {
        **summary(question),
        "inputs": {parameter.name: _input(parameter) for parameter in question.parameters},
        "outputs": {"answer": {"title": "the answer with its passport", "schema": answer_schema(question)}},
        "links": [
            _link(f"/processes/{question.id}", "self", "this description"),
            _link(f"/processes/{question.id}/execution", "http://www.opengis.net/def/rel/ogc/1.0/execute", "ask"),
            *(
                _link(f"/questions/{question.id}.{suffix}", "alternate", f"ask for {suffix}")
                for suffix in ("json", "csv")
            ),
        ],
    }


def _input(parameter: Parameter) -> Document:
    schema = input_schema(parameter)
    bounds: Document = {"minOccurs": int(parameter.required), "maxOccurs": "unbounded" if parameter.multiple else 1}
    return {"title": parameter.name, "description": parameter.description, "schema": schema, **bounds}


def input_schema(parameter: Parameter) -> Document:
    """The JSON schema of one value of the parameter."""
    return dict(_SCHEMAS[parameter.type])


def answer_schema(question: Question) -> Document:
    """The JSON schema of the question's answer document."""
    row = {column.name: {"description": column.unit or ""} for column in question.columns}
    result = {
        "type": "object",
        "required": ["columns", "rows"],
        "properties": {
            "columns": {"type": "array", "items": {"type": "object"}},
            "rows": {"type": "array", "items": {"type": "object", "properties": row}},
        },
    }
    return {
        "type": "object",
        "required": ["question", "inputs", "passport", "result"],
        "properties": {
            "question": {"type": "string"},
            "inputs": {"type": "object"},
            "passport": {"type": "object"},
            "result": result,
        },
    }


def inputs_schema(question: Question) -> Document:
    """The JSON schema of the `inputs` object in an execution request."""
    properties: Document = {}
    for parameter in question.parameters:
        one = input_schema(parameter)
        many = {"anyOf": [one, {"type": "array", "items": one}]}
        properties[parameter.name] = many if parameter.multiple else one
    needed = [parameter.name for parameter in question.parameters if parameter.required]
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}


def subscriber_schema() -> Document:
    """The JSON schema of where to tell how a job goes."""
    uri = {"type": "string", "format": "uri"}
    return {"type": "object", "properties": dict.fromkeys(URIS, uri), "additionalProperties": False}


def _link(href: str, rel: str, title: str) -> Document:
    return {"href": href, "rel": rel, "type": "application/json", "title": title}
