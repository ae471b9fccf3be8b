"""The guarded child: says what is in one video file, then decodes the frames it is asked for.

Video files come from outside, and the libraries that read them are large: a crafted file may crash them, hang them or
make them take all memory. So they run here, in a process of its own that `pipelines.guard` starts and watches:
without credentials in its environment, with limits on memory, processor time and file size, and gone as soon as its
parent is. It imports nothing but the standard library and PyAV, which starts it in 0.15 s.

Started as `python -m pipelines.decode_child ORDERS`, with ORDERS in JSON (see `Orders`). Messages to the parent go
through stdout, each a header (`HEADER`: bytes of the JSON, bytes of the payload), a JSON object with a `kind`, and
the payload:

    header   what the file's header says: format, codec, width_px, height_px, frames, duration_s, tick_s
    times    payload: int64 pts of every packet in decode order, `NO_PTS` where it has none, then one byte each,
             1 for a keyframe; `damage` says why reading ended early, if it did
    frame    pts, width_px, height_px, stride_bytes; payload: the picture as rows of BGR
    beat     nothing new, but still alive and working
    end      done; `failures` counts packets that could not be decoded
    error    `reason`, `text`

After `times` it waits for one line of JSON on stdin that names its task (see `_send` and `_encode`); the end of
stdin means that the parent has gone, and ends this process at once.
"""

import errno
import json
import os
import queue
import resource
import struct
import sys
import threading
import time
from array import array
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, TypedDict

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    VideoPacket = Packet[VideoStream]

HEADER = struct.Struct("<IQ")
NO_PTS = -(2**63)
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,avi"
"""Containers that are opened; playlists, which may name other files, are not among them."""
RAW_STREAMS = "h264,hevc"
"""Streams without container, which have no times."""
CODECS = ("h264", "hevc", "mpeg4", "msmpeg4v2", "msmpeg4v3", "mjpeg", "mpeg1video", "mpeg2video", "vp8", "vp9", "av1")
_DECODERS = (*CODECS, "msmpeg4", "libdav1d", "libvpx", "libvpx-vp9")
_BEAT_S = 0.5


class Orders(TypedDict):
    """What the parent asks for: the file, and the limits to keep."""

    path: str
    memory_mb: int
    cpu_s: int
    written_mb: int
    max_pixels: int
    max_side_px: int


class Refusal(Exception):
    """The file breaks a limit or cannot be read; ends the child with an `error` message."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Parent:
    """The way to and from the parent: messages out through stdout, one task in through stdin."""

    def __init__(self) -> None:
        self._out: BinaryIO = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)  # what a library prints must not get among the messages
        self._tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._spoke_at = time.monotonic()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        # Not sys.stdin: its lock, held by a waiting thread, would make the interpreter abort when it ends.
        received = b""
        while part := os.read(0, 1 << 16):
            *lines, received = (received + part).split(b"\n")
            for line in lines:
                self._tasks.put(line)
        os._exit(0)

    def task(self) -> dict[str, Any]:
        """The task; waits for it."""
        task: dict[str, Any] = json.loads(self._tasks.get())
        return task

    def tell(self, message: dict[str, Any], *payload: Any) -> None:
        """Send a message with its payload, objects with a buffer."""
        text = json.dumps(message).encode()
        views = [memoryview(part).cast("B") for part in payload]
        self._out.write(HEADER.pack(len(text), sum(view.nbytes for view in views)) + text)
        for view in views:
            self._out.write(view)
        self._out.flush()
        self._spoke_at = time.monotonic()

    def beat(self) -> None:
        """Show that work goes on, at most every half second."""
        if time.monotonic() - self._spoke_at > _BEAT_S:
            self.tell({"kind": "beat"})


class Video:
    """The opened file. Raises Refusal if it cannot be opened within the limits."""

    def __init__(self, orders: Orders, parent: Parent) -> None:
        self.failures = 0
        self.damage: str | None = None
        self._orders, self._parent = orders, parent
        self._container = _open(orders)
        self._stream = _video_stream(self._container, orders)
        self.size_px = self._stream.codec_context.width, self._stream.codec_context.height

    def header(self) -> dict[str, Any]:
        """What the file says of itself, which may be wrong."""
        context, duration = self._stream.codec_context, self._container.duration
        return {
            "format": self._container.format.name,
            "codec": context.codec.canonical_name,
            "width_px": self.size_px[0],
            "height_px": self.size_px[1],
            "frames": self._stream.frames,
            "duration_s": None if duration is None else duration / 1e6,
            "tick_s": float(self._stream.time_base or 0),
        }

    def packets(self) -> "Iterator[VideoPacket]":
        """The packets in decode order, and an empty one at the end; where reading fails they end, and `damage` says why."""
        import av

        try:
            for packet in self._container.demux(self._stream):
                self._parent.beat()
                if not packet.is_discard:
                    yield packet
        except av.FFmpegError as error:
            self.damage = str(_refusal(error, "damaged"))

    def frames(self, *, timed: bool, keyframes: set[int] | None = None) -> "Iterator[tuple[int, VideoFrame]]":
        """The frames in presentation order with their pts, or with their number in a file without times.

        With the pts of `keyframes` only these are decoded, all other packets are passed over.
        """
        if keyframes is not None:
            self._stream.codec_context.skip_frame = "NONKEY"
        number = 0
        for packet in self.packets():
            if keyframes is not None and packet.size and packet.pts not in keyframes:
                continue
            for frame in self._decode(packet):
                self._check(frame)
                yield (NO_PTS if frame.pts is None else frame.pts) if timed else number, frame
                number += 1

    def _check(self, frame: "VideoFrame") -> None:
        _check_size(frame.width, frame.height, self._orders)
        if (frame.width, frame.height) != self.size_px:
            raise Refusal(
                "size-changes",
                f"the picture size changes from {self.size_px[0]}x{self.size_px[1]} to {frame.width}x{frame.height} px; "
                "a camera's calibration holds for one size only: export the two parts as two files",
            )

    def _decode(self, packet: "VideoPacket") -> "list[VideoFrame]":
        import av

        try:
            return packet.decode()
        except av.FFmpegError as error:
            if error.errno == errno.ENOMEM:
                raise MemoryError from error
            self.failures += 1
            return []


def main() -> None:
    """Tell what is in the file, wait for the task, do it."""
    orders: Orders = json.loads(sys.argv[1])
    _keep_limits(orders)
    parent = Parent()
    try:
        _work(parent, orders)
    except Refusal as refusal:
        parent.tell({"kind": "error", "reason": refusal.reason, "text": str(refusal)})
    except MemoryError:
        parent.tell({"kind": "error", "reason": "memory", "text": "out of memory"})
    except BrokenPipeError:
        os._exit(0)


def _work(parent: Parent, orders: Orders) -> None:
    import av

    try:
        _tell_contents(parent, Video(orders, parent))
        task = parent.task()
        video = Video(orders, parent)
        if "encode" in task:
            _encode(video, **task)
        else:
            _send(video, parent, **task)
        parent.tell({"kind": "end", "failures": video.failures})
    except av.FFmpegError as error:
        raise _refusal(error, "undecodable") from error


def _keep_limits(orders: Orders) -> None:
    for kind, limit in (
        (resource.RLIMIT_AS, orders["memory_mb"] << 20),
        (resource.RLIMIT_CPU, orders["cpu_s"]),
        (resource.RLIMIT_FSIZE, orders["written_mb"] << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (allowed, allowed))


def _open(orders: Orders) -> "InputContainer":
    import av

    if not os.path.isfile(orders["path"]):  # noqa: PTH113 (pathlib would slow the start)
        raise Refusal("unreadable", "there is no such file")
    av.logging.set_level(av.logging.ERROR)  # so that errors carry the library's own words
    options = {
        "format_whitelist": f"{CONTAINERS},{RAW_STREAMS}",
        "protocol_whitelist": "file",
        "codec_whitelist": ",".join(_DECODERS),
        "max_pixels": str(orders["max_pixels"]),
    }
    try:
        return av.open("file:" + orders["path"], options=options)
    except av.FFmpegError as error:
        refusal = _refusal(error, "unreadable")
        if refusal.reason == "unreadable":
            refusal = Refusal("unreadable", _what_is_wrong(orders["path"], str(refusal)))
        raise refusal from error


def _what_is_wrong(path: str, words: str) -> str:
    """A better reason than the library's `words`, found in the first bytes of a file that it does not open."""
    with open(path, "rb") as file:  # noqa: PTH123 (pathlib would slow the start)
        start = file.read(4096)
    if not start:
        return "the file is empty"
    for mark, what in ((b"#EXTM3U", "an HLS playlist"), (b"ffconcat", "an ffconcat playlist")):
        if start.lstrip(b"\xef\xbb\xbf \r\n").startswith(mark):
            return f"it is {what}, not a video; playlists are never followed, give the files that it names"
    if start.isascii() and all(byte >= 32 or byte in b"\t\r\n\f" for byte in start):
        return f"it is text, not a video (it begins {start[:30]!r})"
    if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"):
        return f"it is a cut off MP4: its index is missing ({words}); copy or export it again"
    return (
        f"it is not a video that can be read ({words}); accepted are MP4, Matroska, MPEG-TS, AVI, raw H.264 and H.265"
    )


def _video_stream(container: "InputContainer", orders: Orders) -> "VideoStream":
    if not container.streams.video:
        raise Refusal("no-video", "there is no video stream in it")
    stream = container.streams.video[0]
    context = stream.codec_context
    if context is None or context.codec.canonical_name not in CODECS:
        name = "an unknown codec" if context is None else f"the codec {context.codec.canonical_name}"
        raise Refusal("codec", f"{name} is not supported; supported are {', '.join(CODECS)}")
    _check_size(context.width, context.height, orders)
    context.thread_count = 1
    context.options = {"max_pixels": str(orders["max_pixels"])}
    return stream


def _check_size(width: int, height: int, orders: Orders) -> None:
    side, pixels = orders["max_side_px"], orders["max_pixels"]
    if width > side or height > side or width * height > pixels:
        raise Refusal(
            "too-large",
            f"a picture of {width}x{height} px is too large; at most {side} px a side and {pixels} px in all are decoded",
        )


def _refusal(error: "av.FFmpegError", reason: str) -> Refusal:
    if error.errno == errno.ENOMEM:
        return Refusal("memory", "out of memory")
    log: Any = error.log
    return Refusal(reason, (log[2] if log else error.strerror or str(error)).strip())


def _tell_contents(parent: Parent, video: Video) -> None:
    parent.tell({"kind": "header", **video.header()})
    pts, keys = array("q"), bytearray()
    for packet in video.packets():
        if packet.size:
            pts.append(NO_PTS if packet.pts is None else packet.pts)
            keys.append(packet.is_keyframe)
    parent.tell({"kind": "times", "frames": len(pts), "damage": video.damage}, pts, keys)


def _send(video: Video, parent: Parent, *, wanted: list[int], keyframes_only: bool, timed: bool) -> None:
    """Send the frames with the pts in `wanted`, or with these numbers in a file without times (`timed` false)."""
    left = set(wanted)
    for pts, frame in video.frames(timed=timed, keyframes=set(wanted) if keyframes_only else None):
        if pts in left:
            left.remove(pts)
            picture = frame.reformat(format="bgr24", threads=1).planes[0]
            size = {"width_px": frame.width, "height_px": frame.height, "stride_bytes": picture.line_size}
            parent.tell({"kind": "frame", "pts": pts, **size}, picture)
        if not left:
            break


def _encode(video: Video, *, encode: str, fps: float) -> None:
    """Write all frames, at the constant rate `fps` and in presentation order, as H.264 to the MP4 file `encode`.

    A keyframe each second and no B-frames: what the keyframe sampling of the pipeline wants.
    """
    import av

    rate = Fraction(fps).limit_denominator(100_000)
    with av.open("file:" + encode, "w", format="mp4") as output:
        out = output.add_stream("libx264", rate=rate)
        out.codec_context.options = {"preset": "veryfast", "crf": "21", "bf": "0", "threads": "1"}
        out.codec_context.gop_size = max(1, round(rate))
        out.pix_fmt = "yuv420p"
        out.width, out.height = (side - side % 2 for side in video.size_px)
        for number, frame in video.frames(timed=False):
            picture = frame.reformat(out.width, out.height, "yuv420p", threads=1)
            picture.pts, picture.time_base, picture.pict_type = number, 1 / rate, av.video.frame.PictureType.NONE
            output.mux(out.encode(picture))
        output.mux(out.encode())


if __name__ == "__main__":
    main()
