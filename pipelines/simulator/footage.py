"""One camera's footage: H.264 in MP4 and the truth about every frame of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from models.world.errors import MallError
from pipelines.simulator.cameras import FRAME_RATE_HZ, KEYFRAME_INTERVAL_S
from pipelines.simulator.drawing import Painter, Sight
from pipelines.simulator.figure import Crowd
from pipelines.simulator.plan import Plan
from pipelines.simulator.scenery import build_stage
from pipelines.simulator.sensor import Grain, Sensor
from pipelines.simulator.textures import Decor
from pipelines.simulator.view import View
from pipelines.simulator.walkers import Walks
from pipelines.simulator.wardrobe import Look

Image = NDArray[np.uint8]
SHOWN_SHARE, SHOWN_PIXELS = 0.05, 12
"""A person is in a frame's truth when at least this share of the drawn figure, and this many pixels, are shown: not
hidden by people or things nearer to the camera, and inside the picture."""
_CODEC = {"preset": "veryfast", "crf": "23", "bf": "0", "sc_threshold": "0", "threads": "1"}


@dataclass(frozen=True)
class Filming:
    """Pictures a second, and seconds from one keyframe to the next."""

    rate_hz: float = FRAME_RATE_HZ
    keyframe_s: float = KEYFRAME_INTERVAL_S


@dataclass(frozen=True)
class Shooting:
    """All that it takes to film with one camera; can be sent to another process."""

    camera_id: str
    view: View
    sensor: Sensor
    plan: Plan
    decor: Decor
    looks: Sequence[Look]
    walks: Walks
    video: Path
    truth: Path
    filming: Filming = Filming()


def film(shooting: Shooting) -> Iterator[int]:
    """Write the video and its truth (MOT text), yielding each frame's number once it is done.

    Truth rows: frame and person from 1; the box round the whole drawn figure, clipped to the picture; as confidence
    the visible share of the figure; the floor position in metres. Who is listed: `SHOWN_SHARE`, `SHOWN_PIXELS`.
    """
    cv2.setNumThreads(1)
    painter = Painter(build_stage(shooting.view, shooting.plan, shooting.decor, shooting.sensor.gains))
    grain = Grain(shooting.sensor, shooting.view.height_px, shooting.view.width_px)
    with shooting.truth.open("w") as truth, _Encoder(shooting.video, shooting.view, shooting.filming) as encoder:
        for frame in range(len(shooting.walks.xy_m)):
            people, crowd = _present(shooting, frame)
            picture, sight = painter.draw(crowd)
            encoder.add(grain.over(picture))
            truth.writelines(_rows(frame + 1, people, crowd, sight))
            yield frame + 1


def _present(shooting: Shooting, frame: int) -> tuple[NDArray[np.int64], Crowd]:
    walks = shooting.walks
    people = np.nonzero(np.isfinite(walks.xy_m[frame, :, 0]))[0]
    looks = [shooting.looks[person] for person in people.tolist()]
    where = (walks.heading[frame, people], walks.phase[frame, people], walks.stride[frame, people])
    return people, Crowd(looks, walks.xy_m[frame, people], *where)


def _rows(frame: int, people: NDArray[np.int64], crowd: Crowd, sight: Sight) -> Iterator[str]:
    for row in np.nonzero((sight.visible >= SHOWN_SHARE) & (sight.pixels >= SHOWN_PIXELS))[0]:
        left, top, right, bottom = sight.boxes_px[row]
        box = f"{left:.2f},{top:.2f},{right - left:.2f},{bottom - top:.2f}"
        x_m, y_m = crowd.xy_m[row]
        yield f"{frame},{people[row] + 1},{box},{sight.visible[row]:.3f},{x_m:.3f},{y_m:.3f},0\n"


class _Encoder:
    """An MP4 of H.264 with no B-frames and the index first; the same pictures, the same bytes."""

    def __init__(self, path: Path, view: View, filming: Filming) -> None:
        self._container = av.open(
            str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}
        )
        rate_hz, keyframes = Fraction(filming.rate_hz), str(round(filming.rate_hz * filming.keyframe_s))
        options = _CODEC | {"g": keyframes, "keyint_min": keyframes}
        stream = self._container.add_stream("libx264", rate=rate_hz, options=options)
        if not isinstance(stream, av.VideoStream):
            raise MallError("PyAV gave no video stream for libx264; reinstall the package av")
        stream.width, stream.height, stream.pix_fmt = view.width_px, view.height_px, "yuv420p"
        stream.codec_context.time_base = 1 / rate_hz
        self._stream, self._frames = stream, 0

    def add(self, picture: Image) -> None:
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = self._frames, self._stream.codec_context.time_base
        self._frames += 1
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> "_Encoder":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()
