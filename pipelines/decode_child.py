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
    frame    pts, width_px, height_px, layout (see `video_reading.packed`); `slot`, `at` and `bytes` say where the
             picture lies in the shared memory
    beat     nothing new, but still alive and working
    end      done; `failures` counts packets that could not be decoded
    error    `reason`, `text`

After `times`, and after each `end`, it waits for a line of JSON on stdin that names its next task (see `_send` and
`_encode`); the end of stdin means that the parent has gone, and ends this process at once. Pictures go through a file in memory that both have
open (`frames_fd`), for a pipe would cost a third of what decoding them does; `SLOTS` of them at a time, each until the
parent gives its slot back, with a line that holds its number.
"""

import json
import mmap
import os
import queue
import resource
import struct
import sys
import threading
import time
from array import array
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, BinaryIO

from pipelines.video_reading import NO_PTS, Orders, Refusal, Video, packed, refusal_for

HEADER = struct.Struct("<IQ")
SLOTS = 4
"""Pictures in shared memory at a time: one is worked on, its follower waits, the next is decoded, and one is to spare."""
_BEAT_S = 0.5


class Parent:
    """The way to and from the parent: messages out through stdout, pictures through shared memory, lines in through stdin."""

    def __init__(self, frames_fd: int) -> None:
        self._out: BinaryIO = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)  # what a library prints must not get among the messages
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._frames_fd, self._frames, self._free = frames_fd, memoryview(b""), list(range(SLOTS))
        self._spoke_at = time.monotonic()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        # Not sys.stdin: its lock, held by a waiting thread, would make the interpreter abort when it ends.
        received = b""
        while part := os.read(0, 1 << 16):
            *lines, received = (received + part).split(b"\n")
            for line in lines:
                self._lines.put(line)
        os._exit(0)

    def task(self) -> dict[str, Any]:
        """The next task; waits for it."""
        while isinstance(said := json.loads(self._lines.get()), int):
            self._free.append(said)
        task: dict[str, Any] = said
        return task

    def show(self, message: dict[str, Any], largest: int, parts: Iterable[memoryview]) -> None:
        """Send a message about a picture and the picture, part by part; waits while all slots are taken.

        No picture has more than `largest` bytes, the same number in every call.
        """
        if not self._frames:
            self._frames = memoryview(mmap.mmap(self._frames_fd, SLOTS * largest))
        while not self._free or not self._lines.empty():
            self._free.append(int(self._lines.get()))
        slot = self._free.pop()  # the one given back last: its memory is still in the cache
        at = end = slot * largest
        for part in parts:
            self._frames[end : end + part.nbytes] = part
            end += part.nbytes
        self.tell({**message, "slot": slot, "at": at, "bytes": end - at})

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


def main() -> None:
    """Tell what is in the file, then wait for tasks and do them."""
    orders: Orders = json.loads(sys.argv[1])
    _keep_limits(orders)
    parent = Parent(orders["frames_fd"])
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
        video = Video(orders, parent.beat)
        _tell_contents(parent, video)
        while True:
            task = parent.task()
            if not (task.get("keyframes_only") and video.keeps_keyframes):
                video = Video(orders, parent.beat)
            if "encode" in task:
                _encode(video, **task)
            else:
                _send(video, parent, **task)
            parent.tell({"kind": "end", "failures": video.failures})
    except av.FFmpegError as error:
        raise refusal_for(error, "undecodable") from error


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


def _tell_contents(parent: Parent, video: Video) -> None:
    parent.tell({"kind": "header", **video.header()})
    pts, keys = array("q"), bytearray()
    for packet in video.scan():
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
            layout, parts = packed(frame)
            about = {"width_px": frame.width, "height_px": frame.height, "layout": layout}
            parent.show({"kind": "frame", "pts": pts, **about}, 3 * frame.width * frame.height, parts)
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
