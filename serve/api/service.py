"""The service about itself: landing page, health, conformance, its documentation; coverage and the plan of the mall."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from serve.api.keys import Desk, KnownCaller
from serve.api.request_ids import request_id_of
from serve.presentation.documents import coverage_document
from serve.presentation.pages.render import landing_links, landing_page, reference_page
from serve.presentation.processes import CONFORMANCE
from serve.presentation.site import site_document

router = APIRouter(tags=["service"])


@router.get("/", summary="What this is", response_class=HTMLResponse)
def landing(request: Request, desk: Desk) -> Response:
    """The landing page; as JSON links for `Accept: application/json`."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(landing_links())
    return HTMLResponse(landing_page(desk.questions.values()))


@router.get("/docs", summary="How to ask", response_class=HTMLResponse)
def reference(desk: Desk) -> str:
    """The reference page: every question, its parameters and columns, and every error."""
    return reference_page(desk.questions.values())


@router.get("/healthz", summary="Is the process alive")
def healthz() -> dict[str, str]:
    """Always ok while the process can answer at all."""
    return {"status": "ok"}


@router.get("/conformance", summary="The standards this follows")
def conformance() -> dict[str, list[str]]:
    """OGC conformance classes."""
    return {"conformsTo": list(CONFORMANCE)}


@router.get(
    "/coverage",
    tags=["coverage"],
    summary="What is recorded, extracted, missing and at work",
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


@router.get("/site", tags=["coverage"], summary="The plan: floors, sections, and what each camera sees")
def site(request: Request, desk: Desk, caller: KnownCaller) -> dict[str, object]:
    """The mall as it is now; polygons are in metres, x to the right and y up."""
    return site_document(desk.site(caller, request_id=request_id_of(request.scope)))
