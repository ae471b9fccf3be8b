"""Plain links: `GET /questions/{question}.{format}?from=..&to=..`, for spreadsheets, maps and people."""

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from serve.api.answers import answer
from serve.api.keys import Desk, KnownCaller
from serve.api.request_ids import request_id_of
from serve.logic.desk import QuestionDesk
from serve.logic.paging import MOST
from serve.presentation.formats import FORMATS
from serve.presentation.processes import input_schema
from sql.catalogue import Question
from sql.keys import Caller
from sql.parameters import Parameter

Suffix = Annotated[str, Path(description="the format", json_schema_extra={"enum": list(FORMATS)})]


PAGE = (
    {
        "name": "limit",
        "in": "query",
        "required": False,
        "description": "a page of so many rows; without it the whole answer",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST},
    },
    {
        "name": "after",
        "in": "query",
        "required": False,
        "description": "where the page begins: take it from the link `next` of the page before",
        "schema": {"type": "string"},
    },
)


def routes(questions: Mapping[str, Question]) -> APIRouter:
    """One documented route for each question, and one for what is no question, which says what there is."""
    router = APIRouter(tags=["questions"])
    for question in questions.values():
        router.get(
            f"/questions/{question.id}.{{suffix}}",
            summary=question.title,
            description=question.description,
            operation_id=f"link-{question.id}",
            openapi_extra={"parameters": [*(_parameter(one) for one in question.parameters), *PAGE]},
        )(_asking(question.id))
    router.get("/questions/{question}.{suffix}", include_in_schema=False)(_ask_any)
    return router


def _asking(question_id: str) -> Callable[..., Response]:
    def ask(request: Request, suffix: Suffix, desk: Desk, caller: KnownCaller) -> Response:
        return _answer(request, question_id, suffix, desk, caller)

    return ask


def _ask_any(request: Request, question: str, suffix: Suffix, desk: Desk, caller: KnownCaller) -> Response:
    return _answer(request, question, suffix, desk, caller)


def _answer(request: Request, question_id: str, suffix: str, desk: QuestionDesk, caller: Caller) -> Response:
    inputs = {name: request.query_params.getlist(name) for name in request.query_params}
    return answer(desk, question_id, inputs, caller, suffix, request_id_of(request.scope))


def _parameter(parameter: Parameter) -> dict[str, object]:
    one = input_schema(parameter)
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.description,
        "schema": {"type": "array", "items": one} if parameter.multiple else one,
    }
