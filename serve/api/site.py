"""The mall itself: floors, sections and cameras, for whoever draws a plan."""

from fastapi import APIRouter, Request

from serve.api.keys import Desk, KnownCaller
from serve.api.request_ids import request_id_of
from serve.presentation.site import site_document

router = APIRouter(tags=["service"])


@router.get("/site", summary="The mall: floors, sections, cameras")
def site(request: Request, desk: Desk, caller: KnownCaller) -> dict[str, object]:
    """Outlines in metres of the plan, x to the right and y up; `view` is what a camera sees of its floor."""
    return site_document(desk.site(caller, request_id=request_id_of(request.scope)))
