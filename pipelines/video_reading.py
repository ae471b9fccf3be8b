"""Reading one video file with PyAV, within limits. For the guarded child only: see `pipelines.decode_child`."""

import errno
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    VideoPacket = Packet[VideoStream]

NO_PTS = -(2**63)
"""Stands for the time of a packet that has none."""
I420_LAYOUT, BGR_LAYOUT = "i420", "bgr24"
_UNSPECIFIED, _BT470BG, _SMPTE170M = 2, 5, 6
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,avi"
"""Containers that are opened; playlists, which may name other files, are not among them."""
RAW_STREAMS = "h264,hevc"
"""Streams without container, which have no times."""
CODECS = ("h264", "hevc", "mpeg4", "msmpeg4v2", "msmpeg4v3", "mjpeg", "mpeg1video", "mpeg2video", "vp8", "vp9", "av1")
_KEPT_BYTES = 64 << 20
"""Keyframes kept in memory between finding and decoding them: a few minutes of full HD."""
_DECODERS = (*CODECS, "msmpeg4", "libdav1d", "libvpx", "libvpx-vp9")


def packed(frame: "VideoFrame") -> "tuple[str, Iterator[memoryview]]":
    """The layout of a frame's pixels and the pixels, without padding: I420 as it is where that is BT.601 in video range, else BGR."""
    plain = frame.colorspace in (_UNSPECIFIED, _BT470BG, _SMPTE170M)
    if frame.format.name == "yuv420p" and plain and not (frame.width % 2 or frame.height % 2):
        return I420_LAYOUT, _rows(frame, (frame.width, frame.width // 2, frame.width // 2))
    return BGR_LAYOUT, _rows(frame.reformat(format="bgr24", threads=1), (3 * frame.width,))


def _rows(frame: "VideoFrame", widths: tuple[int, ...]) -> Iterator[memoryview]:
    """The planes of a frame in pieces: whole where their rows, `widths` bytes each, are not padded."""
    for plane, width in zip(frame.planes, widths, strict=True):
        view, stride = memoryview(plane), plane.line_size
        if stride == width:
            yield view[: width * plane.height]
        else:
            yield from (view[row * stride : row * stride + width] for row in range(plane.height))


class Orders(TypedDict):
    """What the parent asks for: the file, where pictures go, and the limits to keep."""

    path: str
    frames_fd: int
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


class Video:
    """The opened file; `beat` is called again and again while it is read. Raises Refusal if it cannot be opened within the limits."""

    def __init__(self, orders: Orders, beat: Callable[[], None]) -> None:
        self.failures = 0
        self.damage: str | None = None
        self.keeps_keyframes = False
        self._kept: list[VideoPacket] = []
        self._orders, self._beat = orders, beat
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
                self._beat()
                if not packet.is_discard:
                    yield packet
        except av.FFmpegError as error:
            self.damage = str(refusal_for(error, "damaged"))

    def scan(self) -> "Iterator[VideoPacket]":
        """As `packets`; keeps the keyframes, so that `frames` need not read the file again, if they take little enough memory."""
        self.keeps_keyframes, bytes_kept = True, 0
        for packet in self.packets():
            if self.keeps_keyframes and (packet.is_keyframe or not packet.size):
                self._kept.append(packet)
                bytes_kept += packet.size
                if bytes_kept > _KEPT_BYTES:
                    self.keeps_keyframes = False
                    self._kept.clear()
            yield packet

    def frames(self, *, timed: bool, keyframes: set[int] | None = None) -> "Iterator[tuple[int, VideoFrame]]":
        """The frames in presentation order with their pts, or with their number in a file without times.

        With the pts of `keyframes` only these are decoded, all other packets are passed over, and block edges are not
        smoothed (an eighth of the work): no later picture is predicted from them. Can be called again after the last one.
        """
        context = self._stream.codec_context
        if keyframes is not None:
            context.skip_frame = "NONKEY"
            context.options = {**context.options, "skip_loop_filter": "all"}
        if context.is_open:
            context.flush_buffers()  # what was decoded before must not be what it goes on from
        number = 0
        for packet in self._kept if self.keeps_keyframes else self.packets():
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
        refusal = refusal_for(error, "unreadable")
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
    if width < 1 or height < 1:
        raise Refusal("no-video", "its pictures have no size; it is damaged, or not a video")
    if width > side or height > side or width * height > pixels:
        raise Refusal(
            "too-large",
            f"a picture of {width}x{height} px is too large; at most {side} px a side and {pixels} px in all are decoded",
        )


def refusal_for(error: "av.FFmpegError", reason: str) -> Refusal:
    """What a library's error means, in its own words."""
    if error.errno == errno.ENOMEM:
        return Refusal("memory", "out of memory")
    log: Any = error.log
    return Refusal(reason, (log[2] if log else error.strerror or str(error)).strip())
