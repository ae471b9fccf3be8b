"""The questions as OGC API processes: the list, one description, and asking (`execution`)."""

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from serve.api.answers import answer, response
from serve.api.body import Execution, execution
from serve.api.keys import Desk, Jobs, KnownCaller, caller_of
from serve.api.prefer import RESPOND_ASYNC, wants_a_job
from serve.api.request_ids import request_id_of
from serve.logic.jobs import JobDesk
from serve.logic.standing import Standing
from serve.presentation import processes as documents
from serve.presentation.jobs import job_document, job_schema
from sql.catalogue import Question
from sql.keys import Caller

Asked = Annotated[Execution, Depends(execution)]
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "`respond-async`: where the answer is not known yet, order it and get a job",
    "schema": {"type": "string"},
}


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
            openapi_extra={"requestBody": _body(question), "parameters": [_PREFER]},
            responses={
                200: {"content": {"application/json": {"schema": documents.answer_schema(question)}}},
                201: {
                    "description": "A job finds the answer out",
                    "content": {"application/json": {"schema": job_schema()}},
                },
            },
        )(_asking(question.id))
    router.post("/processes/{question}/execution", include_in_schema=False)(_ask_any)
    return router


def _list(desk: Desk) -> dict[str, object]:
    return documents.process_list(desk.questions.values())


def _describe(question: str, desk: Desk) -> dict[str, object]:
    return documents.description(desk.question(question))


def _asking(question_id: str) -> Callable[..., Response]:
    def ask(request: Request, jobs: Jobs, caller: KnownCaller, asked: Asked) -> Response:
        return _answer(request, question_id, jobs, caller, asked)

    return ask


def _ask_any(request: Request, question: str, jobs: Jobs, caller: KnownCaller, asked: Asked) -> Response:
    return _answer(request, question, jobs, caller, asked)


def _answer(request: Request, question_id: str, jobs: JobDesk, caller: Caller, asked: Execution) -> Response:
    request_id = request_id_of(request.scope)
    if not wants_a_job(request.headers):
        return answer(jobs.desk, question_id, asked.inputs, caller, "json", request_id)
    found = jobs.ask(question_id, asked.inputs, caller, asked.callback, request_id=request_id)
    return _accepted(found) if isinstance(found, Standing) else response(found, "json")


def _accepted(standing: Standing) -> Response:
    headers = {"Location": f"/jobs/{standing.job.job_id}", "Preference-Applied": RESPOND_ASYNC}
    return JSONResponse(job_document(standing), 201, headers)


def _body(question: Question) -> dict[str, object]:
    schema = {
        "type": "object",
        "required": ["inputs"],
        "properties": {"inputs": documents.inputs_schema(question), "subscriber": documents.subscriber_schema()},
    }
    return {"required": True, "content": {"application/json": {"schema": schema}}}
