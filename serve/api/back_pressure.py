"""Back-pressure: more at once than this process should work on is refused at once, with the time to come back."""

from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serve.api.request_ids import request_id_of

ALWAYS_ANSWERED = ("/healthz", "/readyz", "/metrics")
"""What must be told especially under load."""


class BackPressure:
    """ASGI middleware: at most `requests` requests and `streams` open event streams at a time.

    Event streams are counted apart, because they stay open while they have almost nothing to do.
    """

    def __init__(
        self, app: ASGIApp, requests: int, streams: int, on_refusal: Callable[[str, str, str], Response]
    ) -> None:
        self._app = app
        self._free = {"requests": requests, "event streams": streams}
        self._on_refusal = on_refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http" or scope["path"] in ALWAYS_ANSWERED:
            await self._app(scope, receive, send)
            return
        kind = "event streams" if scope["path"].endswith("/events") else "requests"
        if self._free[kind] <= 0:
            await self._on_refusal(scope["path"], request_id_of(scope), kind)(scope, receive, send)
            return
        self._free[kind] -= 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._free[kind] += 1
