"""An installation to be killed: Ray and Serve over two stores of the test, who asks it, and how far it is."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest

from cluster.embedded import services
from cluster.settings import Settings
from models.world.errors import MallError
from models.world.periods import Window
from pipelines.extract import estimate
from pipelines.flow import Resources
from pipelines.objects import ObjectStore
from serve.client import Mall
from tests.faults.keeper import Driver

ASK_S = 1.0


@contextmanager
def installed(
    home: Path, logins: dict[str, str], objects: ObjectStore, *, sample_fps: float, lease_s: float, warm_camera_s: float
) -> Iterator[None]:
    """What `mall up` starts where database and object store are given."""
    given = {
        "HOME": home,
        **{f"DATABASE_{role.upper()}": dsn for role, dsn in logins.items()},
        "S3_ENDPOINT": objects.address.endpoint,
        "S3_BUCKET": objects.address.bucket,
        "S3_ACCESS_KEY": objects.address.access_key,
        "S3_SECRET_KEY": objects.address.secret_key,
        "SAMPLE_FPS": sample_fps,
        "LEASE_S": lease_s,
        "WARM_CAMERA_MINUTES": warm_camera_s / 60,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(f"MALL_{name}", str(value))
        try:
            services.up(Settings.load())
            yield
        finally:
            services.down(Settings.load())


class Visitor:
    """Asks where people were in `hours`, over and over; `told` are all answers."""

    def __init__(self) -> None:
        self.hours: list[Window] = []
        self.told: list[tuple[Window, Any]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask_and_ask, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def order(self, hour: Window) -> bool:
        """Want it extracted; whether somebody took the order."""
        with suppress(MallError), self._desk() as desk:
            desk.order("paths", from_=hour.start, to=hour.end)
            return True
        return False

    def ask(self, hour: Window) -> bool:
        """Ask once; whether it was answered."""
        with suppress(MallError), self._desk() as desk:
            self.told.append((hour, desk.ask("paths", from_=hour.start, to=hour.end).rows))
            return True
        return False

    def _ask_and_ask(self) -> None:
        while not self._ended.wait(ASK_S):
            for hour in self.hours[-2:]:
                self.ask(hour)

    def _desk(self) -> Mall:
        settings = Settings.load()
        return Mall(settings.needed("serve_url"), settings.needed("api_key"), timeout_s=5.0)


@dataclass(frozen=True)
class Extraction:
    """One hour being extracted: by a request, or by drivers if there are any."""

    mall: Resources
    hour: Window
    drivers: Sequence[Driver]

    def progress(self) -> int:
        """How many segments have a result; -1 while nobody can tell."""
        with suppress(MallError):
            return estimate(self.mall, self.hour)[0].known
        return -1

    def has_ended(self) -> bool:
        """Whether all drivers, or all requests, have ended well. No request may fail."""
        if self.drivers:
            return all(driver.has_ended for driver in self.drivers)
        with suppress(psycopg.Error), psycopg.connect(self.mall.database_dsn, connect_timeout=5) as connection:
            states = {state for (state,) in connection.execute("select state from extraction_request")}
            assert "failed" not in states
            return states == {"successful"}
        return False
