"""Processes that outlive the command that starts them, and how they are found again.

Every process of an installation carries the installation's mark in its environment, and so do its children. A
process is ours only by that mark: no pid file can go stale, no reused pid can be mistaken, and what another
installation or another user started is never touched.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from models.world.errors import MallError

MARK = "MALL_INSTALLATION"
_children: list[subprocess.Popen[bytes]] = []
"""What this process started: kept, because a daemon may outlive it but a zombie must not."""


def launch(
    mark: str, command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, marked, with its output appended to the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        child = subprocess.Popen(  # noqa: S603
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=log.parent,
            env={**os.environ, **(environment or {}), MARK: mark},
            start_new_session=True,
        )
    keep(child)
    return child


def keep(child: subprocess.Popen[bytes]) -> None:
    """Remember a child that may outlive this process, so that nobody warns of it as forgotten."""
    _children.append(child)


def marked(mark: str) -> list[psutil.Process]:
    """All living processes that carry the mark, oldest first; `info["name"]` is known of those that end meanwhile, too."""
    found = []
    for process in psutil.process_iter(["environ", "status", "create_time", "name"]):
        seen = process.info
        if (seen["environ"] or {}).get(MARK) == mark and seen["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return sorted(found, key=lambda process: (process.info["create_time"], process.pid))


def stop(mark: str, patience_s: float = 10.0) -> None:
    """End all processes with the mark: SIGTERM, and after `patience_s` SIGKILL."""
    for signal_number, wait_s in ((signal.SIGTERM, patience_s), (signal.SIGKILL, 5.0)):
        remaining = marked(mark)
        for process in remaining:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal_number)
        if until(lambda: not marked(mark), wait_s, step_s=0.1):
            _children[:] = [child for child in _children if child.poll() is None]
            return
    if marked(mark):
        raise MallError(f"these processes cannot be stopped: {[process.pid for process in marked(mark)]}")


def until(condition: Callable[[], bool], timeout_s: float, step_s: float = 0.05) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step_s)
    return True


def end_of(log: Path, lines: int = 12) -> str:
    """The last lines of a log, for an error message."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"
