"""From what went wrong to an HTTP problem (RFC 9457): the one table of status numbers."""

import json
from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from models.world import errors
from models.world.errors import BadParameter, Busy, MallError, NotExtracted, OverBudget
from serve.api.request_ids import request_id_of
from serve.logic.outcomes import FAILED, UnknownKey, outcome_of
from serve.presentation.values import plain

PROBLEM = "urn:mall-tracking:problem:"
"""What every problem's `type` begins with; the rest is the outcome's word."""
OGC = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
"""The same for the words that OGC API - Processes 1.0 prescribes."""
OGC_WORDS = ("no-such-job", "result-not-ready")
MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)


class BadBody(errors.BadInput):
    """The request's body is not what the route takes."""


class BodyTooLarge(BadBody):
    """The request's body is larger than any question needs."""


class Overloaded(Busy):
    """One process works on as much at once as it should."""


STATUS: Mapping[type[Exception], tuple[int, str]] = {
    BodyTooLarge: (413, "The request is too large"),
    errors.BadParameter: (400, "A parameter cannot be used"),
    errors.BadWindow: (400, "The time cannot be used"),
    errors.NotFound: (404, "There is no such thing"),
    errors.BadInput: (400, "The request cannot be used"),
    errors.NotRecorded: (404, "Nothing was filmed then"),
    errors.NotExtracted: (409, "Filmed, but not extracted yet"),
    errors.OverBudget: (422, "Finding out would cost too much"),
    Overloaded: (503, "Too much at once"),
    Busy: (429, "Too much is waiting"),
    errors.ResultNotReady: (404, "There is no result yet"),
    errors.ExtractionFailed: (500, "The extraction failed"),
    errors.Dismissed: (410, "The job was dismissed"),
    UnknownKey: (401, "Who are you?"),
    errors.NotAllowed: (403, "Not allowed"),
    errors.StoreUnavailable: (503, "The store does not answer"),
    MallError: (500, "It did not work"),
}
"""From the type of an error, or its nearest ancestor in this table, to status and title."""
_HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="mall"'}, 503: {"Retry-After": "5"}}


def install(app: FastAPI) -> None:
    """Makes every error of the application a problem document."""
    app.add_exception_handler(MallError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def problem(
    status: int,
    word: str,
    title: str,
    detail: str,
    *,
    where: Mapping[str, str],
    more: Mapping[str, object] | None = None,
) -> Response:
    """A problem document as a response; `where` holds its `instance` and `request_id`."""
    document = {
        "type": (OGC if word in OGC_WORDS else PROBLEM) + word,
        "title": title,
        "status": status,
        "detail": detail,
        **where,
        **(more or {}),
    }
    return Response(json.dumps(document).encode(), status, _HEADERS.get(status), MEDIA_TYPE)


def unexpected(path: str, request_id: str) -> Response:
    """The problem for what nobody expected; it says nothing of the inside, the log does."""
    detail = f"something broke on our side; the log knows it as request {request_id}"
    return problem(500, FAILED, "It did not work", detail, where={"instance": path, "request_id": request_id})


def overloaded(path: str, request_id: str, kind: str) -> Response:
    """The problem for one of too many `kind` at once."""
    error = Overloaded(f"as many {kind} as one process takes are open already; come back in a moment")
    return _told(error, {"instance": path, "request_id": request_id})


def _expected(request: Request, error: Exception) -> Response:
    return _told(error, _where(request))


def _told(error: Exception, where: Mapping[str, str]) -> Response:
    status, title = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    word = outcome_of(error) if isinstance(error, MallError) else FAILED
    if status >= 500:
        log.warning("problem", word=word, detail=str(error))
    answer = problem(status, word, title, str(error), where=where, more=_more(error))
    if isinstance(error, Busy):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def _more(error: Exception) -> dict[str, object]:
    if isinstance(error, BadParameter):
        return {"parameter": error.parameter}
    if isinstance(error, OverBudget):
        return {
            "camera_hours": plain(error.camera_hours),
            "budget_camera_hours": plain(error.budget_camera_hours),
        }
    if isinstance(error, NotExtracted):
        missing = [
            {"camera": camera, "from": plain(window.start), "to": plain(window.end)}
            for camera, windows in sorted(error.missing.items())
            for window in windows
        ]
        return {"missing": missing, "camera_hours": plain(error.camera_hours)}
    return {}


def _invalid(request: Request, error: Exception) -> Response:
    detail = (
        "; ".join(one["msg"] for one in error.errors()) if isinstance(error, RequestValidationError) else str(error)
    )
    return problem(400, "bad-input", "The request cannot be used", detail, where=_where(request))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = {404: ("not-found", f"there is nothing at {request.url.path}; see /openapi.json")}
    word, detail = words.get(error.status_code, ("bad-request", str(error.detail)))
    answer = problem(error.status_code, word, str(error.detail), detail, where=_where(request))
    answer.headers.update(error.headers or {})
    return answer


def _where(request: Request) -> dict[str, str]:
    return {"instance": request.url.path, "request_id": request_id_of(request.scope)}
