"""Whether all that the service stands on is there: `/readyz` tells each part apart."""

from collections.abc import Callable, Mapping

import anyio
import anyio.to_thread
import httpx
import structlog
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from models.world.errors import MallError
from serve.logic.ports import Orders, Records

Probe = Callable[[], str]
"""Looks at one part and says in a few words what is there. Raises MallError with the reason when it is not."""
NEEDED = ("database", "schema")
"""Without these nothing can be answered. Without the others what is known still is."""
S3_TIMEOUT_S = 2.0
Check = dict[str, object]
router = APIRouter(tags=["service"])
log = structlog.get_logger(__name__)


def probes(records: Records, orders: Orders, s3_endpoint: str | None) -> Mapping[str, Probe]:
    """The parts that can be looked at from here: the store, the object store where one is named, the handler."""
    stored: dict[str, Probe] = {"database": lambda: _database(records), "schema": records.schema_version}
    objects: dict[str, Probe] = {} if s3_endpoint is None else {"s3": lambda: _object_store(s3_endpoint)}
    return {**stored, **objects, "handler": lambda: _handler(orders)}


@router.get("/readyz", summary="Can questions be answered", responses={503: {"description": "not ready"}})
async def readyz(request: Request) -> JSONResponse:
    """Each part with `ok` and `why`; `ready` as long as what is known can be answered."""
    probes, patience_s = request.app.state.probes, request.app.state.manners.probe_s
    checks: dict[str, Check] = {name: {"ok": False, "why": f"no answer within {patience_s:g} s"} for name in probes}
    with anyio.move_on_after(patience_s):
        async with anyio.create_task_group() as group:
            for name, probe in probes.items():
                group.start_soon(_check, checks, name, probe)
    ready = all(checks[name]["ok"] for name in NEEDED if name in checks)
    body = {"ready": ready, "checks": checks}
    return JSONResponse(body) if ready else JSONResponse(body, 503, {"Retry-After": "5"})


async def _check(checks: dict[str, Check], name: str, probe: Probe) -> None:
    checks[name] = await anyio.to_thread.run_sync(_looked, name, probe, abandon_on_cancel=True)


def _looked(name: str, probe: Probe) -> Check:
    try:
        return {"ok": True, "why": probe()}
    except MallError as error:
        return {"ok": False, "why": str(error)}
    except Exception:
        log.exception("probe failed", probe=name)
        return {"ok": False, "why": "the probe itself broke; see the log"}


def _database(records: Records) -> str:
    with records.reading():
        return "answers"


def _object_store(endpoint: str) -> str:
    try:
        status = httpx.get(endpoint, timeout=S3_TIMEOUT_S).status_code
    except httpx.HTTPError as error:
        raise MallError(f"nobody answers at {endpoint}: {error}") from error
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise MallError(f"{endpoint} answers with status {status}")
    return "answers"


def _handler(orders: Orders) -> str:
    alive = orders.handlers()
    if not alive:
        raise MallError("no extraction handler is alive: what is not known yet has to wait; start it: mall up")
    return f"{alive} alive"
