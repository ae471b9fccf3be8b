"""A filmed hall in the archive of a mall, and what was made of it."""

from __future__ import annotations  # annotations do not travel with a loader that goes to another process by value

import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import numpy as np
import psycopg

from models.world.periods import Window, from_epoch_s
from pipelines.archive import StoredSegments
from pipelines.archive import ingest as archive
from pipelines.flow import Resources
from sql import coverage
from sql.store import Store
from tests.pipelines.blobs import blob_detector
from tests.pipelines.hall import START_S, Hall

SECONDS, PEOPLE = 14, 3
MINUTE = timedelta(minutes=1)
WINDOW = Window(from_epoch_s(START_S), from_epoch_s(START_S + SECONDS))
Mall = Callable[[], Resources]
TABLES = {
    "person": "day, person_id",
    "person_attributes": "person_id",
    "person_tracklet": "hour, tracklet_id",
    "person_location": "person_id, taken_at",
    "person_track": "person_id, starts_at",
    "coverage": "camera_id, starts_at",
}


def record(scene: Hall, footage: dict[str, Path], windows: Sequence[Window], ingest: Store, mall: Resources) -> None:
    """The footage of each camera into the archive, as recorded in each of the windows."""
    for window in windows:
        for camera in scene.site.cameras:
            rows = StoredSegments(ingest)
            archive(footage[camera.id], camera, window.start, window.end, store=rows, objects=mall.objects)


def rows(mall: Resources) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that was loaded."""
    with psycopg.connect(mall.database_dsn) as connection:
        return {
            table: connection.execute(f"select * from {table} order by {order}").fetchall()
            for table, order in TABLES.items()
        }


def gaps(mall: Resources, window: Window = WINDOW) -> dict[str, list[tuple[Window, str]]]:
    """By camera what is recorded, but nothing can be made of, and why; nothing else may be missing."""
    with Store(mall.database_dsn, role="ingest", size=1) as ingest, ingest.connection() as connection:
        found = coverage.read(connection, window)
    assert all(one.missing == [] for one in found)
    return {one.camera_id: [(gap.window, gap.reason) for gap in one.gaps] for one in found}


def deadly_at_red() -> Callable[[], Any]:
    """A loader of a detector that finds rectangles, and ends its process where a picture is red."""
    harmless = blob_detector()

    def load() -> Any:
        import os

        class Deadly:
            def __init__(self) -> None:
                self.harmless = harmless()

            def detect(self, pictures: Any) -> Any:
                return self.harmless.detect(self._looked_at(picture) for picture in pictures)

            def _looked_at(self, picture: Any) -> Any:
                if picture.bgr()[0, 0, 2] > 200:
                    os._exit(1)
                return picture

        return Deadly()

    return load


def film_red(suffix: str) -> bytes:
    """A video of nothing but red."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"red{suffix}"
        with av.open(str(path), "w") as output:
            stream: Any = output.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt, stream.gop_size = 640, 384, "yuv420p", 10
            picture = np.zeros((384, 640, 3), dtype=np.uint8)
            picture[..., 2] = 250
            for _ in range(20):
                output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            output.mux(stream.encode())
        return path.read_bytes()
