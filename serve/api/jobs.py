"""Jobs: what they are about, how they stand, their answers, and giving up (OGC API - Processes 1.0, clause 7.12 on)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from serve.api.answers import response
from serve.api.keys import Jobs, KnownCaller
from serve.api.request_ids import request_id_of
from serve.presentation.jobs import job_document, job_list, job_schema

MOST_LISTED = 100
router = APIRouter(tags=["jobs"])
Document = dict[str, object]
Limit = Annotated[int, Query(ge=1, le=MOST_LISTED, description="at most so many")]
_STATUS: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {"schema": job_schema()}}}}


@router.get("/jobs", summary="Your jobs, newest first")
def listed(jobs: Jobs, caller: KnownCaller, limit: Limit = 20) -> Document:
    """How each stands; everybody's for a key with the permission `operate`."""
    return job_list(jobs.standings(caller, limit))


@router.get("/jobs/{job_id}", summary="How a job stands", responses=_STATUS)
def status(job_id: str, jobs: Jobs, caller: KnownCaller) -> Document:
    """The status info: status, progress, what is left to do and when it will probably be done."""
    return job_document(jobs.standing(job_id, caller))


@router.get("/jobs/{job_id}/results", summary="The answer of a job")
def results(request: Request, job_id: str, jobs: Jobs, caller: KnownCaller) -> Response:
    """The same answer as that of the question when it is known."""
    return response(jobs.results(job_id, caller, request_id=request_id_of(request.scope)), "json")


@router.delete("/jobs/{job_id}", summary="Give a job up", responses=_STATUS)
def dismiss(request: Request, job_id: str, jobs: Jobs, caller: KnownCaller) -> Document:
    """Ends its extraction too, unless somebody else waits for it; a job that has ended stays as it is."""
    return job_document(jobs.dismiss(job_id, caller, request_id=request_id_of(request.scope)))
