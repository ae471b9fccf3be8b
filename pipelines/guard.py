"""Running the decoder at arm's length: a child process with limits, a watchdog, and messages.

The child may hang, crash or be killed by one of its limits: each ends here in a `BadVideo` that says so, never in a
parent that hangs or dies. The other way round, a child never outlives its parent (it ends when its stdin does).
"""

import fcntl
import json
import mmap
import os
import select
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.world.errors import BadVideo, DecoderLost
from pipelines.decode_child import HEADER, SLOTS

_CPU_SIGNALS = {signal.SIGXCPU, signal.SIGKILL}
_MAX_JSON_BYTES = 1 << 20
_MAX_PACKETS = 50_000_000


@dataclass(frozen=True)
class DecodeLimits:
    """What one video may cost.

    memory_mb    address space of the child (120 MB of it before it opens anything)
    stall_s      how long the child may go without a sign of life before it is killed
    cpu_s        its processor time; an hour of 1080p25 takes 50 s by keyframes, 360 s in full
    max_pixels   size of a picture, checked from the header before anything is decoded
    max_side_px  width or height of a picture
    written_mb   size of a file that it may write (more is allowed only where it encodes one)
    """

    memory_mb: int = 1024
    stall_s: float = 60.0
    cpu_s: int = 4 * 3600
    max_pixels: int = 4096 * 4096
    max_side_px: int = 8192
    written_mb: int = 1


@dataclass(frozen=True)
class Message:
    """One message of the child: its kind, its fields, and its payload as bytes, (n,) uint8."""

    kind: str
    fields: Mapping[str, Any]
    payload: NDArray[np.uint8]


class GuardedChild:
    """A running decoder child for one file; leave its `with` block and it is gone.

    `command` is the program to run (the decoder, unless a test wants another); it gets its orders as last argument.
    """

    def __init__(self, path: Path, limits: DecodeLimits, command: Sequence[str] | None = None) -> None:
        self._path, self._limits = path, limits
        # A file, not a pipe: nobody reads it while the child runs.
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115
        self._frames_fd = _shared_memory(SLOTS * 3 * limits.max_pixels)
        self._frames: mmap.mmap | None = mmap.mmap(self._frames_fd, 0, prot=mmap.PROT_READ)
        self._slots_lent = 0
        orders = {"path": str(path.resolve()), "frames_fd": self._frames_fd, **asdict(limits)}
        self.process = subprocess.Popen(  # noqa: S603
            [*(command or (sys.executable, "-m", "pipelines.decode_child")), json.dumps(orders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=_environment(),
            start_new_session=True,
            pass_fds=(self._frames_fd,),
            bufsize=0,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdin.fileno(), False)
        os.set_blocking(self.process.stdout.fileno(), False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the child, if it still runs, and reap it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self._complaints):
            assert pipe is not None
            pipe.close()
        self._frames = None  # unmapped when the last picture in it has gone
        os.close(self._frames_fd)

    def receive(self) -> Message:
        """The next message that is not a mere sign of life.

        Raises BadVideo if the child refuses the file or has died, DecoderLost if it was killed or shows no sign of life
        for `stall_s`.
        """
        while True:
            text_bytes, payload_bytes = HEADER.unpack(self._read(HEADER.size).tobytes())
            if text_bytes > _MAX_JSON_BYTES or payload_bytes > 9 * _MAX_PACKETS:
                raise self._bad("the decoder sent nonsense")
            fields = json.loads(self._read(text_bytes).tobytes())
            payload = self._taken(**fields) if fields["kind"] == "frame" else self._read(payload_bytes)
            message = Message(fields["kind"], fields, payload)
            if message.kind == "error":
                raise self._bad(fields["text"] if fields["reason"] != "memory" else self._out_of_memory())
            if message.kind != "beat":
                return message

    def send(self, task: Mapping[str, Any]) -> None:
        """Give the child its task. Raises BadVideo as `receive` does."""
        self._say(json.dumps(task).encode() + b"\n")

    def _taken(self, *, slot: int, at: int, bytes: int, **_: Any) -> NDArray[np.uint8]:  # noqa: A002
        """The picture in the shared memory, (n,) uint8; its slot is the child's again when the picture is not used any more.

        A copy where no slot would be left to the child.
        """
        if self._frames is None or not 0 <= at <= at + bytes <= len(self._frames):
            raise self._bad("the decoder sent nonsense")
        picture = np.frombuffer(self._frames, np.uint8, bytes, at)
        self._slots_lent += 1
        if self._slots_lent == SLOTS:
            picture = picture.copy()
            self._give_back(slot)
        else:
            weakref.finalize(picture, self._give_back, slot).atexit = False
        return picture

    def _give_back(self, slot: int) -> None:
        self._slots_lent -= 1
        if self._frames is not None:
            with suppress(BadVideo):  # After the last picture it may have ended; what it has said is still to be read.
                self._say(b"%d\n" % slot)

    def _say(self, line: bytes) -> None:
        assert self.process.stdin is not None
        left = memoryview(line)
        while left:
            self._wait_for(self.process.stdin.fileno(), select.POLLOUT)
            try:
                left = left[os.write(self.process.stdin.fileno(), left) :]
            except BrokenPipeError:
                raise self._bad(self._last_words()) from None

    def _read(self, count: int) -> NDArray[np.uint8]:
        assert self.process.stdout is not None
        buffer = np.empty(count, dtype=np.uint8)
        left = memoryview(buffer.data)
        while left:
            self._wait_for(self.process.stdout.fileno(), select.POLLIN)
            received = os.readv(self.process.stdout.fileno(), [left])
            if received == 0:
                raise self._bad(self._last_words())
            left = left[received:]
        return buffer

    def _wait_for(self, pipe: int, event: int) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        if not poll.poll(self._limits.stall_s * 1000):
            raise self._lost(f"its decoder made no progress for {self._limits.stall_s:g} s and was stopped")

    def _last_words(self) -> str:
        """Why the child has ended without a message."""
        try:
            code = self.process.wait(timeout=self._limits.stall_s)
        except subprocess.TimeoutExpired:
            raise self._lost("its decoder hung and was stopped") from None
        self._complaints.seek(0)
        words = self._complaints.read().decode(errors="replace").strip().splitlines()
        if -code in _CPU_SIGNALS:
            raise self._lost(f"its decoder was killed (it may take {self._limits.cpu_s} s of processor time)")
        last = words[-1][:200] if words else ""
        if code == -signal.SIGABRT or "MemoryError" in last or "failed to map" in last:
            return self._out_of_memory()
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return f"its decoder crashed ({how}{last and ': ' + last})"

    def _out_of_memory(self) -> str:
        return f"decoding it takes more than the allowed {self._limits.memory_mb} MB of memory"

    def _bad(self, text: str) -> BadVideo:
        return BadVideo(f"{self._path}: {text}")

    def _lost(self, text: str) -> DecoderLost:
        return DecoderLost(f"{self._path}: {text}")


def _shared_memory(size: int) -> int:
    """A file in memory, of which only what is written takes room; sealed, for if the child cut it, the parent would crash."""
    file = os.memfd_create("frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(file, size)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return file


def _environment() -> dict[str, str]:
    # No credentials for the child; one malloc arena, because each reserves 64 MB of the address space.
    return {"PYTHONPATH": os.pathsep.join(p or "." for p in sys.path), "PATH": os.defpath, "MALLOC_ARENA_MAX": "1"}
