"""How a command ends: its exit status, and for every failure one clear line on stderr.

0 done, 1 a `MallError` or something unexpected, 2 wrong usage, 130 interrupted. The trace of something unexpected goes
to a file, whose name the line tells.
"""

import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from models.world.errors import MallError, NotExtracted

MOST_CAMERAS = 8
"""A remedy for more cameras names none, which means all: extracting what is known already costs nothing."""


def run(app: typer.Typer, arguments: list[str] | None = None) -> int:
    """Run the command line, `sys.argv` if none is given, and return the exit status."""
    command = typer.main.get_command(app)
    try:
        ended: Any = command.main(arguments, prog_name="mall", standalone_mode=False)
        sys.stdout.flush()
        return ended if isinstance(ended, int) else 0
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has seen enough; the flush at exit must not complain either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MallError as error:
        return complain(complaint(error))
    except typer.TyperException as error:
        return _usage(error)
    except Exception as error:
        return _unexpected(error)


def complain(text: str, status: int = 1) -> int:
    """Write the text to stderr and return the exit status."""
    print(f"mall: {text}", file=sys.stderr)  # noqa: T201
    return status


def complaint(error: MallError) -> str:
    """The error in words, with the command that mends it where one does."""
    return (
        f"{_camera_hours(error)}; extract them first: {remedy(error)}"
        if isinstance(error, NotExtracted)
        else str(error)
    )


def remedy(error: NotExtracted) -> str:
    """The command that extracts what is missing."""
    windows = [window for missing in error.missing.values() for window in missing]
    if not windows:
        return "mall extract --from .. --to .."
    few = sorted(error.missing) if len(error.missing) <= MOST_CAMERAS else []
    cameras = "".join(f"--camera {camera} " for camera in few)
    start, end = min(window.start for window in windows), max(window.end for window in windows)
    return f"mall extract {cameras}--from {_text(start)} --to {_text(end)}"


def _camera_hours(error: NotExtracted) -> str:
    hours = error.camera_hours
    amount = f"{hours:.2f} camera-hours" if hours >= 0.1 else f"{hours * 60:.1f} camera-minutes"
    return f"{amount} are recorded but not extracted, so the answer would be partial"


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _usage(error: typer.TyperException) -> int:
    text = " ".join(error.format_message().split())
    if not text:  # a group without a command: its help has been shown
        return error.exit_code
    context = getattr(error, "ctx", None)
    hint = f" (see: {context.command_path} --help)" if context else ""
    return complain(text + hint, error.exit_code)


def _unexpected(error: Exception) -> int:
    path = _log()
    with path.open("a") as log:
        log.write(f"\n{datetime.now(UTC).isoformat()} {' '.join(sys.argv)}\n")
        log.writelines(traceback.format_exception(error))
    reason = next(iter(str(error).splitlines()), "") or "no reason given"
    return complain(f"unexpected {type(error).__name__}: {reason} (the trace is in {path})")


def _log() -> Path:
    """The log in the state folder, or where one can write, so that the log never hides the error."""
    try:
        from cluster.settings import Settings

        folder = Settings.load().home / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder / "mall.log"
    except (MallError, OSError):
        pass
    return Path(tempfile.mkdtemp(prefix="mall-")) / "mall.log"
