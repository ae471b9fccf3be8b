"""Where an export lies: `export/TABLE/utc_day=DAY/STATE.parquet`, and `export/days/DAY.json`, which names the files that count.

The list is replaced in one piece after all files are there, so whoever goes by it sees a whole day, old or new.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from models.world.errors import NotFound
from pipelines.objects import Objects

ROOT = "export/"
_LISTS = f"{ROOT}days/"
_DAY = "utc_day="


@dataclass(frozen=True)
class File:
    """One table of a day."""

    key: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Export:
    """A whole day: `state` tells what was exported, `files` where each table lies."""

    day: date
    state: str
    files: Mapping[str, File]

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(file.bytes for file in self.files.values())


def folder(table: str, day: date) -> str:
    """Where the files of a table and day lie, the valid one and those that no list names (any more)."""
    return f"{ROOT}{table}/{_DAY}{day}/"


def find(objects: Objects, day: date) -> Export | None:
    """What is exported of the day."""
    try:
        read = json.loads(objects.get_bytes(_list(day)))
    except NotFound:
        return None
    return Export(day, read["state"], {table: File(**file) for table, file in read["files"].items()})


def days(objects: Objects) -> list[date]:
    """The days that are exported, in order."""
    return [date.fromisoformat(key.removeprefix(_LISTS).removesuffix(".json")) for key in objects.keys(_LISTS)]


def stored_days(objects: Objects) -> list[date]:
    """The days of which anything lies there, exported to the end or not, in order."""
    parts = {part for key in objects.keys(ROOT) for part in key.split("/") if part.startswith(_DAY)}
    return sorted({*days(objects), *(date.fromisoformat(part.removeprefix(_DAY)) for part in parts)})


def remove(objects: Objects, day: date) -> None:
    """Delete all of a day: first what says that it is there."""
    objects.delete_prefix(_list(day))
    for key in objects.keys(ROOT):
        if f"/{_DAY}{day}/" in key:
            objects.delete_prefix(key)


def publish(objects: Objects, export: Export) -> None:
    """Make the day's files, which are all there, the ones that count; all others of the day go."""
    files = {table: asdict(file) for table, file in export.files.items()}
    objects.put_bytes(_list(export.day), json.dumps({"state": export.state, "files": files}, indent=1).encode())
    named = {file.key for file in export.files.values()}
    for table in export.files:
        for key in objects.keys(folder(table, export.day)):
            if key not in named:
                objects.delete_prefix(key)


def _list(day: date) -> str:
    return f"{_LISTS}{day}.json"
