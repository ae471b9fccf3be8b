"""A complete answer as a response: the body in its format and the headers that go with it."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from itertools import islice

from anyio import CancelScope
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from serve.logic.desk import Answered, QuestionDesk
from serve.presentation.formats import find, link, next_page
from sql.keys import Caller

PIECES = 1000
"""Rows, or features, that are sent at a time."""


def answer(
    desk: QuestionDesk,
    question_id: str,
    inputs: Mapping[str, object],
    caller: Caller,
    format_name: str,
    request_id: str,
) -> Response:
    """Ask, and answer in this format: what tells of people one by one is sent while it is read, but for a page of it."""
    find(format_name)
    question = desk.questions.get(question_id)
    if question is not None and question.by_day and "limit" not in inputs:
        return streamed(desk.stream(question_id, inputs, caller, request_id=request_id), format_name)
    return response(desk.ask(question_id, inputs, caller, request_id=request_id), format_name)


def response(answered: Answered, format_name: str) -> Response:
    """The answer in this format. Raises BadParameter when the format is unknown or does not fit."""
    body = "".join(find(format_name).render(answered))
    return Response(body.encode(), headers=_headers(answered, format_name), media_type=find(format_name).media_type)


def streamed(answering: AbstractContextManager[Answered], format_name: str) -> Response:
    """The answer in this format, sent while it is read; it is closed when all is sent, or whoever asked has gone.

    Raises as `response` does, and what the context refuses.
    """
    with ExitStack() as stack:
        answered = stack.enter_context(answering)
        pieces = _batches(find(format_name).render(answered))
        return _Streamed(pieces, _headers(answered, format_name), find(format_name).media_type, stack.pop_all())


class _Streamed(StreamingResponse):
    def __init__(self, pieces: Iterator[bytes], headers: dict[str, str], media_type: str, stack: ExitStack) -> None:
        super().__init__(pieces, headers=headers, media_type=media_type)
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):
                await run_in_threadpool(self._stack.__exit__, *sys.exc_info())


def _batches(pieces: Iterable[str]) -> Iterator[bytes]:
    pieces = iter(pieces)
    while some := "".join(islice(pieces, PIECES)):
        yield some.encode()


def _headers(answered: Answered, format_name: str) -> dict[str, str]:
    headers = {"Cache-Control": "private, no-store"}
    chosen, following = find(format_name), next_page(answered, format_name)
    if chosen.attachment:
        headers["Content-Disposition"] = f'attachment; filename="{_file_name(answered, format_name)}"'
    links = (
        []
        if chosen.self_describing
        else [f'<{link(answered.question.id, "passport", answered.inputs)}>; rel="describedby"']
    )
    links += [] if following is None else [f'<{following}>; rel="next"']
    return {**headers, "Link": ", ".join(links)} if links else headers


def _file_name(answered: Answered, format_name: str) -> str:
    day = answered.passport.window.start.astimezone(answered.site.time_zone).date().isoformat()
    return f"{answered.question.id}_{day}.{format_name}"
