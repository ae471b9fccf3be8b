"""The pages that a browser shows, and what they load. They hold no data: they ask for it with the reader's own key."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from serve.api.keys import Desk
from serve.presentation.pages.assets import find
from serve.presentation.pages.render import about_page, first_page, landing_links, reference_page

router = APIRouter(tags=["service"])
_STRICT = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
# plotly.js writes styles of its own while it draws, and makes pictures of its plots; no script is ever inline.
_DRAWING = f"{_STRICT}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:"
_FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/", summary="The first page: ask, and see", response_class=HTMLResponse)
def first(request: Request) -> Response:
    """The page for people; as JSON links for `Accept: application/json`."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(landing_links(), headers={"Vary": "Accept"})
    return HTMLResponse(first_page(), headers={**_guards(_DRAWING), "Vary": "Accept"})


@router.get("/about", include_in_schema=False)
def about(desk: Desk) -> Response:
    """What this is, and how to ask without the page."""
    return HTMLResponse(about_page(desk.questions.values()), headers=_guards(_STRICT))


@router.get("/docs", summary="How to ask", response_class=HTMLResponse)
def reference(desk: Desk) -> Response:
    """The reference page: every question, its parameters and columns, and every error."""
    return HTMLResponse(reference_page(desk.questions.values()), headers=_guards(_STRICT))


@router.get("/assets/{version}/{name}", include_in_schema=False)
def asset(request: Request, version: str, name: str) -> Response:
    """A script or style, for ever under its address; compressed once, not for each request."""
    found = find(version, name)
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.gzipped, headers={**headers, "Content-Encoding": "gzip"}, media_type=found.media_type)
    return Response(found.content, headers=headers, media_type=found.media_type)


def _guards(policy: str) -> Mapping[str, str]:
    return {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
