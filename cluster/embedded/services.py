"""The embedded services as one: up, down, status. Each is skipped where the settings point at a real one.

Order: PostgreSQL, the S3 server and Ray start side by side; the HTTP application follows when database and Ray are there.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from cluster.embedded import daemons
from cluster.embedded.ports import free_port
from cluster.embedded.postgres import PostgresServer
from cluster.embedded.ray_head import RayHead, client_environment
from cluster.embedded.seaweedfs import SeaweedServer
from cluster.settings import Settings, read_state, write_state
from models.world.errors import MallError
from pipelines.webhooks import new_secret

DRAIN_S = 45.0
"""How long `down` lets the applications finish."""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class ServiceStatus:
    """One service: `state` is running, stopped, external or failing; `note` says what is wrong."""

    name: str
    state: str
    address: str
    pid: int | None
    note: str = ""


def up(settings: Settings, progress: Progress = lambda _: None) -> Settings:
    """Start what is not running and return the settings with which everything is reached. Twice is once.

    Raises NotInstalled or MallError, naming the service and the end of its log.
    """
    home = settings.home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(3) as pool:
        steps = [pool.submit(step, settings, progress) for step in (_database, _object_store, _ray)]
        values = {name: value for step in steps for name, value in step.result().items()}
    secret = {} if settings.webhook_secret else {"webhook_secret": new_secret()}
    write_state(home, {**read_state(home), **values, **secret})
    ready = Settings.load(home)
    url = _http(ready, progress)
    write_state(home, {**read_state(home), "serve_url": url})
    return Settings.load(home)


def down(settings: Settings, progress: Progress = lambda _: None) -> None:
    """Stop what `up` started, and nothing else; all data stay. What is being worked on is given back first."""
    postgres, s3, ray_head = _servers(settings.home.absolute())
    _drain(settings, ray_head)
    _stop("Ray", ray_head, progress)  # what runs there needs the others
    with ThreadPoolExecutor(2) as pool:
        steps = [pool.submit(_stop, name, one, progress) for name, one in (("S3", s3), ("PostgreSQL", postgres))]
        for step in steps:
            step.result()


def _stop(name: str, server: PostgresServer | SeaweedServer | RayHead, progress: Progress) -> None:
    if server.folder.exists():
        server.stop()
        progress(f"{name} stopped")


def status(settings: Settings) -> list[ServiceStatus]:
    """How each service is."""
    postgres, s3, ray_head = _servers(settings.home.absolute())
    rows = []
    for name, server, address in (
        ("postgres", postgres, _without_password(settings.database_read)),
        ("s3", s3, settings.s3_endpoint or ""),
        ("ray", ray_head, settings.ray_address or ""),
    ):
        embedded = server.folder.exists()
        running = embedded and server.running
        state = "running" if running else "stopped" if embedded or not address else "external"
        rows.append(ServiceStatus(name, state, address, _pid(server) if running else None))
    return [*rows, _http_status(settings)]


def log_files(settings: Settings) -> dict[str, Path]:
    """The log of each embedded service."""
    postgres, s3, ray_head = _servers(settings.home.absolute())
    return {
        "postgres": postgres.log,
        "s3": s3.log,
        "ray": ray_head.log,
        "http": settings.home.absolute() / "http" / "deploy.log",
    }


def environment(settings: Settings) -> dict[str, str]:
    """What another shell, a notebook or `ray job submit` needs in its environment to reach the services."""
    values = {**variables(settings), **client_environment(settings.ray_token_file)}
    return {**values, "RAY_ADDRESS": settings.ray_dashboard or settings.ray_address} if settings.ray_address else values


def variables(settings: Settings) -> dict[str, str]:
    """The settings as the variables that say the same."""
    values = {f"MALL_{name.upper()}": _plain(value) for name, value in settings if value is not None and name != "home"}
    return {**values, "MALL_HOME": str(settings.home.absolute())}


def _servers(home: Path) -> tuple[PostgresServer, SeaweedServer, RayHead]:
    return PostgresServer(home / "postgres"), SeaweedServer(home / "s3"), RayHead(home / "ray")


def _database(settings: Settings, progress: Progress) -> dict[str, Any]:
    from sql import keys, store

    if _external(settings, "database_admin"):
        admin, values = settings.needed("database_admin"), dict[str, str]()
        store.migrate(admin)
    else:
        server = PostgresServer(settings.home.absolute() / "postgres")
        server.start()
        superuser = server.create_database("mall")
        store.migrate(superuser)
        logins = store.make_logins(superuser, _known_passwords(settings))
        admin, values = logins["admin"], {f"database_{role}": dsn for role, dsn in logins.items()}
        progress(f"PostgreSQL with PostGIS on port {server.port}")
    if settings.api_key is not None:
        return values
    with store.Store(admin, role="admin", size=1) as opened, opened.connection() as connection:
        return {**values, "api_key": keys.create(connection, "first", keys.PERMISSIONS)}


def _known_passwords(settings: Settings) -> dict[Any, str] | None:
    """The logins' passwords of last time, so that a running API stays connected."""
    state = read_state(settings.home.absolute())
    dsns = {role: state.get(f"database_{role}") for role in ("admin", "ingest", "read")}
    return {role: urlsplit(dsn).password or "" for role, dsn in dsns.items() if dsn} if all(dsns.values()) else None


def _external(settings: Settings, name: str) -> bool:
    """Whether the setting was given by a person, rather than written down by an earlier `up`."""
    value = getattr(settings, name)
    return value is not None and _plain(value) != read_state(settings.home.absolute()).get(name)


def _object_store(settings: Settings, progress: Progress) -> dict[str, Any]:
    if _external(settings, "s3_endpoint"):
        return {}
    server = SeaweedServer(settings.home.absolute() / "s3")
    server.start(settings.s3_bucket)
    address = server.address(settings.s3_bucket)
    progress(f"S3 server on {address.endpoint}")
    return {"s3_endpoint": address.endpoint, "s3_access_key": address.access_key, "s3_secret_key": address.secret_key}


def _ray(settings: Settings, progress: Progress) -> dict[str, Any]:
    if _external(settings, "ray_address"):
        return {}
    head = RayHead(settings.home.absolute() / "ray")
    head.start()
    progress(f"Ray on {head.address}, dashboard {head.dashboard_url}")
    return {"ray_address": head.address, "ray_token_file": str(head.token_file), "ray_dashboard": head.dashboard_url}


def _http(settings: Settings, progress: Progress) -> str:
    url = settings.serve_url or f"http://127.0.0.1:{settings.serve_port or free_port()}"
    if not _ready(url):
        log = settings.home / "http" / "deploy.log"
        _deploy(settings, int(url.rpartition(":")[2]), log)
        if not daemons.until(lambda: _ready(url), 60.0, 0.2):
            raise MallError(f"the HTTP API does not answer on {url}; the end of {log}:\n{daemons.end_of(log)}")
    progress(f"HTTP API on {url}")
    return url


def _deploy(settings: Settings, port: int, log: Path) -> None:
    args = {"questions": _serve_args(settings), "handler": {"settings": variables(settings)}}
    ended = _run_on_ray(settings, str(port), json.dumps(args), log, timeout_s=240)
    if ended != 0:
        raise MallError(f"the HTTP API could not be deployed; the end of {log}:\n{daemons.end_of(log)}")


def _drain(settings: Settings, ray_head: RayHead) -> None:
    """Let the HTTP API answer what it has taken on, and the handler give back what it works on; not longer than allowed."""
    if not ray_head.running or settings.ray_address is None:
        return
    with contextlib.suppress(subprocess.TimeoutExpired):
        _run_on_ray(settings, "drain", "", settings.home.absolute() / "http" / "drain.log", timeout_s=DRAIN_S)


def _run_on_ray(settings: Settings, what: str, words: str, log: Path, timeout_s: float) -> int:
    """Run `cluster.embedded.deploy` to its end; its status."""
    log.parent.mkdir(parents=True, exist_ok=True)
    own = {"RAY_ADDRESS": settings.needed("ray_address"), **client_environment(settings.ray_token_file)}
    command = [sys.executable, "-m", "cluster.embedded.deploy", what]
    with log.open("wb") as file:
        ended = subprocess.run(  # noqa: S603
            command, input=words.encode(), stdout=file, stderr=file, env={**os.environ, **own}, timeout=timeout_s
        )
    return ended.returncode


def _serve_args(settings: Settings) -> dict[str, Any]:
    return {
        "database_read": settings.needed("database_read"),
        "min_group": settings.min_group,
        "statement_timeout_s": settings.statement_timeout_s,
        "budget_camera_hours": settings.budget_camera_hours,
        "max_queued_requests": settings.max_queued_requests,
        "s3_endpoint": settings.s3_endpoint,
    }


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _http_status(settings: Settings) -> ServiceStatus:
    if settings.serve_url is None:
        return ServiceStatus("http", "stopped", "", None)
    try:
        ready = httpx.get(f"{settings.serve_url}/readyz", timeout=5)
    except httpx.HTTPError:
        return ServiceStatus("http", "stopped", settings.serve_url, None)
    if ready.status_code == httpx.codes.OK:
        return ServiceStatus("http", "running", settings.serve_url, None)
    return ServiceStatus("http", "failing", settings.serve_url, None, ready.text[:200])


def _pid(server: PostgresServer | SeaweedServer | RayHead) -> int | None:
    if isinstance(server, PostgresServer):
        return server.pid
    return next((process.pid for process in daemons.marked(server.mark)), None)


def _plain(value: Any) -> str:
    return str(value.get_secret_value()) if isinstance(value, SecretStr) else str(value)


def _without_password(dsn: SecretStr | None) -> str:
    if dsn is None:
        return ""
    address = dsn.get_secret_value().rpartition("@")[2]
    return f"postgresql://{address}"
