"""What all simulations write alike: a new folder, the mall's time zone, and progress."""

from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from models.world.errors import BadInput

Progress = Callable[[float], None]
"""Told the share that is done, 0 to 1."""
TIME_ZONE = ZoneInfo("Europe/Berlin")


def empty_folder(folder: Path, parts: Sequence[str] = ()) -> Path:
    """The folder, made if there is none, with these in it. Raises BadInput if it holds something or cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise BadInput(f"the folder {folder} is not empty; name a new one, or empty it first")
        for part in parts:
            (folder / part).mkdir()
    except OSError as error:
        raise BadInput(f"the folder {folder} cannot be written ({error.strerror}); name another one") from None
    return folder


def quiet(share: float) -> None:
    """Tell nobody."""


def check_minutes(minutes: float) -> None:
    """Raise BadInput for a time that no simulation can last."""
    if not 0 < minutes <= 24 * 60:
        raise BadInput(f"a simulation lasts more than 0 and at most 1440 minutes; got {minutes}")
