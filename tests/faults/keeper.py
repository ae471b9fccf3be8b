"""Who keeps an installation going: starts again what died, as a supervisor does in real life."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from cluster.embedded import services
from cluster.embedded.postgres import PostgresServer
from cluster.embedded.ray_head import RayHead
from cluster.embedded.seaweedfs import SeaweedServer
from cluster.settings import Settings
from models.world.periods import Window
from tests.faults import victims

LOOK_S = 0.5
log = logging.getLogger(__name__)


class Driver:
    """`mall extract` of a window, started again until it ends well."""

    def __init__(self, window: Window, log: Path) -> None:
        times = [f"--from={window.start.isoformat()}", f"--to={window.end.isoformat()}"]
        self._command = [str(Path(sys.executable).with_name("mall")), "extract", *times]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    @property
    def has_ended(self) -> bool:
        """Whether it ended well."""
        return self._process is not None and self._process.poll() == 0

    def look(self) -> None:
        """Start it, unless it runs or has ended well."""
        if self._process is not None and self._process.poll() in (None, 0):
            return
        self.starts += 1
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    @property
    def pid(self) -> int | None:
        """Its process, if it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running else None

    def stop(self) -> None:
        """End it for good."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Keeper:
    """Keeps two stores, the Ray and Serve of the installation in `home`, and `drivers` alive within its `with` block."""

    def __init__(self, home: Path, postgres: PostgresServer, s3: SeaweedServer) -> None:
        self.drivers: Sequence[Driver] = ()
        self._home, self._postgres, self._s3, self._head = home, postgres, s3, RayHead(home / "ray")
        self._is_up = True
        self._ended = threading.Event()
        looks = (self._look_after_stores, self._look_after_ray, self._look_after_drivers)
        self._threads = [threading.Thread(target=self._again_and_again, args=(look,), daemon=True) for look in looks]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        for driver in self.drivers:
            driver.stop()

    def living(self) -> Mapping[str, Sequence[psutil.Process]]:
        """The installation's processes by kind."""
        pids = {self._postgres.pid, *(driver.pid for driver in self.drivers)} - {None}
        return victims.below((self._s3.mark, self._head.mark), pids)

    def _look_after_stores(self) -> None:
        if not self._postgres.running:
            self._postgres.start()
        if not self._s3.running:
            self._s3.start()

    def _look_after_ray(self) -> None:
        if not self._is_up or not self._head.running:
            self._is_up = False  # until all of it is: the database may be killed half way
            services.up(Settings.load(self._home))
            self._is_up = True

    def _look_after_drivers(self) -> None:
        for driver in self.drivers:
            driver.look()

    def _again_and_again(self, look: Callable[[], None]) -> None:
        while not self._ended.wait(LOOK_S):
            try:
                look()
            except Exception:  # what it looks after is being killed meanwhile
                log.exception("it is tried again")
