"""The questions as OGC API processes: the list, one description, and asking (`execution`)."""

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from serve.api.answers import response
from serve.api.body import execution_inputs
from serve.api.keys import Desk, KnownCaller, caller_of
from serve.api.request_ids import request_id_of
from serve.logic.desk import QuestionDesk
from serve.presentation import processes as documents
from sql.catalogue import Question
from sql.keys import Caller

Inputs = Annotated[Mapping[str, object], Depends(execution_inputs)]


def routes(questions: Mapping[str, Question]) -> APIRouter:
    """The list, the descriptions, and one documented execution route for each question."""
    router = APIRouter(tags=["processes"])
    known = [Depends(caller_of)]
    router.get("/processes", summary="All questions", dependencies=known)(_list)
    router.get("/processes/{question}", summary="One question: its inputs and its answer", dependencies=known)(
        _describe
    )
    for question in questions.values():
        router.post(
            f"/processes/{question.id}/execution",
            summary=question.title,
            description=question.description,
            operation_id=f"execute-{question.id}",
            openapi_extra={"requestBody": _body(question)},
            responses={200: {"content": {"application/json": {"schema": documents.answer_schema(question)}}}},
        )(_asking(question.id))
    router.post("/processes/{question}/execution", include_in_schema=False)(_ask_any)
    return router


def _list(desk: Desk) -> dict[str, object]:
    return documents.process_list(desk.questions.values())


def _describe(question: str, desk: Desk) -> dict[str, object]:
    return documents.description(desk.question(question))


def _asking(question_id: str) -> Callable[..., Response]:
    def ask(request: Request, desk: Desk, caller: KnownCaller, inputs: Inputs) -> Response:
        return _answer(request, question_id, desk, caller, inputs)

    return ask


def _ask_any(request: Request, question: str, desk: Desk, caller: KnownCaller, inputs: Inputs) -> Response:
    return _answer(request, question, desk, caller, inputs)


def _answer(
    request: Request, question_id: str, desk: QuestionDesk, caller: Caller, inputs: Mapping[str, object]
) -> Response:
    # `Prefer: respond-async` is heard but not yet applied: what is not known is refused, naming what is missing.
    return response(desk.ask(question_id, inputs, caller, request_id=request_id_of(request.scope)), "json")


def _body(question: Question) -> dict[str, object]:
    schema = {
        "type": "object",
        "required": ["inputs"],
        "properties": {"inputs": documents.inputs_schema(question)},
    }
    return {"required": True, "content": {"application/json": {"schema": schema}}}
