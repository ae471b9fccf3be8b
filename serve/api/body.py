"""The body of an execution request: small, well-formed JSON that says every thing once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from models.world.errors import BadParameter
from serve.api.errors import BadBody, BodyTooLarge
from serve.logic.callbacks import callback

MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class Execution:
    """What is asked, and where to tell how a job goes, by the names of `serve.logic.callbacks`."""

    inputs: Mapping[str, object]
    callback: Mapping[str, str] | None


async def execution(request: Request) -> Execution:
    """The `inputs` object and the `subscriber` of the request. Raises BadBody, BodyTooLarge and BadParameter."""
    document = _document(await _limited(request))
    if not isinstance(document, dict):
        raise BadBody('the body must be a JSON object like {"inputs": {"from": "..", "to": ".."}}')
    inputs = document.get("inputs", {})
    if not isinstance(inputs, dict):
        raise BadParameter("inputs", f"inputs must be an object of parameters; got {type(inputs).__name__}")
    return Execution(inputs, callback(document.get("subscriber")))


async def _limited(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise BodyTooLarge(f"the body is larger than {MAX_BYTES} bytes; no question needs that")
    return bytes(body)


def _document(body: bytes) -> object:
    try:
        return json.loads(body, object_pairs_hook=_once_each, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadBody(f"the body is not JSON: {error}") from None


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
