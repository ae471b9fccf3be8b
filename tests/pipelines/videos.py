"""Small real videos whose every picture shows its own number, and broken ones made from them."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

BITS = 8


def numbered(number: int, width: int = 320, height: int = 240) -> np.ndarray:
    """A grey picture, (height, width, 3), with the bits of `number` as black and white columns."""
    picture = np.full((height, width, 3), 128, dtype=np.uint8)
    for bit in range(BITS):
        column = slice(bit * width // BITS, (bit + 1) * width // BITS)
        picture[height // 4 : height // 2, column] = 255 if number >> bit & 1 else 0
    return picture


def number_in(picture: np.ndarray) -> int:
    """The number that a picture shows."""
    height, width = picture.shape[:2]
    row = picture[3 * height // 8, width // (2 * BITS) :: width // BITS].mean(axis=-1)
    return sum(1 << bit for bit in range(BITS) if row[bit] > 128)


def make(
    path: Path,
    frames: int = 50,
    *,
    fps: float = 10,
    size: tuple[int, int] = (320, 240),
    codec: str = "libx264",
    container: str | None = None,
    keyframe_every: int = 10,
    b_frames: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a numbered video; the container follows from the suffix unless it is given."""
    with av.open(str(path), "w", format=container, options=options or {}) as output:
        stream: Any = output.add_stream(codec, rate=Fraction(fps).limit_denominator(1000))
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.gop_size = keyframe_every
        stream.codec_context.max_b_frames = b_frames
        if codec == "libx264":
            stream.codec_context.options = {
                "preset": "veryfast",
                "x264-params": f"scenecut=0:b-adapt=0:bframes={b_frames}",
            }
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(numbered(number, *size), format="bgr24")
            output.mux(stream.encode(picture))
        output.mux(stream.encode())
    return path


def fast_start(path: Path, frames: int = 50) -> Path:
    """A video with its index in front, so that a cut off copy can be opened."""
    return make(path, frames, options={"movflags": "faststart"})


def cut(source: Path, path: Path, share: float = 0.5) -> Path:
    """The first part of a file."""
    whole = source.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    return path


def mutated(source: Path, path: Path, seed: int) -> Path:
    """A copy with random bytes overwritten: a few in the first kilobyte, some anywhere."""
    rng = np.random.default_rng(seed)
    whole = bytearray(source.read_bytes())
    places = np.concatenate([rng.integers(0, min(1024, len(whole)), 4), rng.integers(0, len(whole), 30)])
    for place in places:
        whole[place] = rng.integers(0, 256)
    path.write_bytes(whole)
    return path
