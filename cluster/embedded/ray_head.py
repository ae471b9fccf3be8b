"""A private Ray head node with a token, for one machine.

Ray listens on all addresses whatever it is told, so the token is what protects it (without one, anybody who reaches
the port runs code here: CVE-2023-48022). `ray stop` would stop every Ray of the machine; this stops its own alone.
"""

import hashlib
import json
import os
import secrets
import sysconfig
from pathlib import Path

from cluster.embedded import daemons
from cluster.embedded.ports import free_ports
from models.world.errors import MallError

_TRIES = 2
"""On a very busy machine Ray's dashboard may miss its own time limit."""
_SLOW_MACHINE = {"RAY_agent_register_timeout_ms": "150000", "RAY_raylet_start_wait_time_s": "150"}
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "1", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
_NO_DRAINING = {"RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0"}
"""A node that is told to end goes on for up to 30 s, so that work moves to others; there are none."""
_OFFLINE_MODELS = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false"}


class RayHead:
    """The Ray node of one folder: `folder` holds token (0600), ports and log."""

    def __init__(self, folder: Path, *, dashboard: bool = True, cpus: int | None = None) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "head.log"
        self.dashboard = dashboard
        self.cpus = cpus

    @property
    def mark(self) -> str:
        """By what its processes are known."""
        return f"{self.folder}:ray"

    @property
    def running(self) -> bool:
        """Whether the whole node runs: a node that lost a part of itself does not."""
        return {process.info["name"] for process in daemons.marked(self.mark)} >= {"gcs_server", "raylet"}

    @property
    def address(self) -> str:
        """For `ray.init` and `RAY_ADDRESS`."""
        return f"127.0.0.1:{self._ports()['gcs']}"

    @property
    def dashboard_url(self) -> str:
        """For `ray job submit`."""
        return f"http://127.0.0.1:{self._ports()['dashboard']}"

    @property
    def token_file(self) -> Path:
        """The file with the node's token."""
        return self.folder / "token"

    def environment(self) -> dict[str, str]:
        """What a process needs in its environment before it imports ray, to be let in."""
        return client_environment(self.token_file)

    def start(self, timeout_s: float = 180.0) -> None:
        """Run; returns when the node answers. Does nothing when it runs already; a half-dead node is cleared away first."""
        if self.running:
            return
        self._make_token()
        for _ in range(_TRIES):
            daemons.stop(self.mark)
            if self._launch(timeout_s):
                return
        raise MallError(f"Ray does not start; the end of {self.log}:\n{daemons.end_of(self.log)}")

    def stop(self) -> None:
        """Stop the node and everything that runs on it; nothing durable lives there, so patience is short."""
        daemons.stop(self.mark, patience_s=4.0)

    def _launch(self, timeout_s: float) -> bool:
        ports = dict(zip(("gcs", "client", "dashboard", "agent"), free_ports(4), strict=True))
        (self.folder / "ports.json").write_text(json.dumps(ports))
        self.log.unlink(missing_ok=True)
        environment = {**self.environment(), **_SLOW_MACHINE, **_QUIET, **_NO_DRAINING, **_OFFLINE_MODELS}
        process = daemons.launch(self.mark, self._command(), self.log, environment)
        daemons.until(lambda: self._ready() or process.poll() is not None, timeout_s, 0.2)
        return process.poll() is None and self._ready()

    def _command(self) -> list[str | Path]:
        ports = self._ports()
        options = {
            "port": ports["gcs"],
            "include-dashboard": str(self.dashboard).lower(),
            "dashboard-host": "127.0.0.1",
            "dashboard-port": ports["dashboard"],
            "dashboard-agent-listen-port": ports[
                "agent"
            ],  # where it is taken, as by another Ray, no job can be submitted
            "temp-dir": self._short_folder(),
            "object-store-memory": 1 << 30,
            "ray-client-server-port": ports["client"],
        }
        if self.cpus is not None:
            options["num-cpus"] = self.cpus
        return [
            _ray(),
            "start",
            "--head",
            "--block",
            "--disable-usage-stats",
            *(f"--{name}={value}" for name, value in options.items()),
        ]

    def _ready(self) -> bool:
        return self.running and "Ray runtime started" in daemons.end_of(self.log, lines=60)

    def _short_folder(self) -> Path:
        # Ray's sockets must stay under 108 bytes of path.
        return Path("/tmp") / f"mall-ray-{hashlib.sha256(self.mark.encode()).hexdigest()[:10]}"  # noqa: S108

    def _ports(self) -> dict[str, int]:
        return dict(json.loads((self.folder / "ports.json").read_text()))

    def _make_token(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.token_file.exists():
            with os.fdopen(os.open(self.token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))


def client_environment(token_file: Path | None) -> dict[str, str]:
    """The variables by which a process proves to a Ray cluster that it may come in; Ray reads them when it is imported."""
    if token_file is None:
        return {}
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token_file)}


def _ray() -> Path:
    return Path(sysconfig.get_path("scripts")) / "ray"
