"""The service about itself: health, conformance and coverage."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from models.world.errors import MallError
from serve.api.keys import Desk, KnownCaller
from serve.api.request_ids import request_id_of
from serve.presentation.documents import coverage_document
from serve.presentation.processes import CONFORMANCE

router = APIRouter(tags=["service"])


@router.get("/healthz", summary="Is the process alive")
def healthz() -> dict[str, str]:
    """Always ok while the process can answer at all."""
    return {"status": "ok"}


@router.get("/readyz", summary="Can questions be answered", responses={503: {"description": "not ready"}})
def readyz(desk: Desk) -> JSONResponse:
    """Whether the store answers, and the version of its schema."""
    try:
        return JSONResponse({"ready": True, "schema_version": desk.records.schema_version()})
    except MallError as error:
        return JSONResponse({"ready": False, "reason": str(error)}, 503, {"Retry-After": "5"})


@router.get("/conformance", summary="The standards this follows")
def conformance() -> dict[str, list[str]]:
    """OGC conformance classes."""
    return {"conformsTo": list(CONFORMANCE)}


@router.get(
    "/coverage",
    tags=["coverage"],
    summary="What is recorded, extracted and missing",
    openapi_extra={
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string", "format": "date-time"}}
            for name in ("from", "to")
        ]
    },
)
def coverage(request: Request, desk: Desk, caller: KnownCaller) -> dict[str, object]:
    """Per camera, within `[from, to)`; without them over the whole archive."""
    inputs = {name: request.query_params.getlist(name) for name in request.query_params}
    return coverage_document(desk.coverage(inputs, caller, request_id=request_id_of(request.scope)))
