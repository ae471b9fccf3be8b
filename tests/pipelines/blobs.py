"""Videos in which people are bright rectangles before a dark hall, and a detector that finds rectangles: no weights needed."""

from __future__ import annotations  # annotations do not travel with a loader that goes to another process by value

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from models.vision.detector import Detector
from tests.pipelines.hall import Hall, boxes_in, views

FPS = 10


def film(hall: Hall, folder: Path, seconds: int) -> dict[str, Path]:
    """One video per camera, a keyframe each second; people further than the rest are drawn first."""
    paths = {}
    for view, camera in zip(views(len(hall.site.cameras)), hall.site.cameras, strict=True):
        paths[camera.id] = folder / f"{camera.id}.mp4"
        with av.open(str(paths[camera.id]), "w") as output:
            stream: Any = output.add_stream("libx264", rate=FPS)
            stream.width, stream.height, stream.pix_fmt = camera.width_px, camera.height_px, "yuv420p"
            stream.gop_size, stream.codec_context.max_b_frames = FPS, 0
            stream.codec_context.options = {"preset": "ultrafast", "x264-params": "scenecut=0"}
            for number in range(seconds * FPS):
                picture = np.full((camera.height_px, camera.width_px, 3), 20, dtype=np.uint8)
                boxes, depth, visible = boxes_in(view, hall.walks[:, number])
                for person in sorted(np.flatnonzero(visible), key=lambda one: -depth[one]):
                    left, top, right, bottom = np.round(boxes[person]).astype(int)
                    picture[top:bottom, left:right] = (60 + 40 * (person % 4), 220, 60 + 60 * (person // 4 % 3))
                output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            output.mux(stream.encode())
    return paths


def blue_shirts() -> Callable[[], Any]:
    """A loader of a describer to whom everybody wears blue; it travels to other processes by value."""

    def load() -> Any:
        class BlueShirts:
            def describe(self, crops_bgr: Sequence[Any]) -> list[dict[str, dict[str, float]]]:
                return [{"shirt": {"blue": 0.9, "green": 0.1}} for _ in crops_bgr]

        return BlueShirts()

    return load


def blob_detector() -> Callable[[], Detector]:
    """A loader of the detector of rectangles; local, so that it travels to other processes by value."""

    def load() -> Any:
        import cv2
        import numpy

        from models.vision.detector import Detections

        class Blobs:
            def detect(self, pictures: Iterable[Any]) -> Iterator[Detections]:
                return (self._in(picture.bgr()) for picture in pictures)

            def _in(self, frame: Any) -> Detections:
                bright = (frame[..., 1] > 120).astype(numpy.uint8)
                stats = cv2.connectedComponentsWithStats(bright)[2][1:]
                stats = stats[stats[:, 4] > 60]
                boxes = numpy.column_stack([stats[:, :2], stats[:, :2] + stats[:, 2:4]]).astype(numpy.float32)
                return Detections(boxes, numpy.full(len(boxes), 0.9, dtype=numpy.float32))

        return Blobs()

    return load
