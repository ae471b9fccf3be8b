"""One id for each request: taken from its header or made here, sent back, and on every log line about it."""

import re
import time
import uuid
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
log = structlog.get_logger(__name__)


def request_id_of(scope: Scope) -> str:
    """The id of the request with this ASGI scope."""
    return str(scope.get("state", {}).get("request_id", "-"))


class RequestIds:
    """ASGI middleware, the outermost one: it also logs each request and turns what nobody expected into a problem."""

    def __init__(self, app: ASGIApp, on_failure: "Callable[[str, str], Response]") -> None:
        self._app = app
        self._on_failure = on_failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope.setdefault("state", {})["request_id"] = _chosen(Headers(scope=scope).get(HEADER))
        started, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                log.exception("request failed", path=scope["path"])
                if status:
                    raise
                await self._on_failure(scope["path"], request_id)(scope, receive, send_with_id)
            took_ms = round((time.perf_counter() - started) * 1000, 1)
            log.info("request", method=scope["method"], path=scope["path"], status=status, took_ms=took_ms)


def _chosen(given: str | None) -> str:
    return given if given and _ACCEPTED.fullmatch(given) else uuid.uuid4().hex
