"""Coverage as a table: a line for each camera and hour, with the hour drawn as a bar of 3-minute cells."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.table import Table

from models.world.periods import Window, clip, site_hours, total_hours

if TYPE_CHECKING:
    from sql.coverage import CameraCoverage

CELL = timedelta(minutes=3)
EXTRACTED, MISSING, UNUSABLE, DARK = "█", "░", "x", "·"
_NOT_NOTED: Mapping[tuple[str, datetime], float] = MappingProxyType({})


@dataclass(frozen=True)
class CameraHour:
    """One camera in one full hour; the windows lie within the hour."""

    camera_id: str
    hour: Window
    recorded: list[Window]
    covered: list[Window]
    missing: list[Window]
    unusable: list[Window]
    pictures_per_s: float | None = None

    @property
    def drawn(self) -> str:
        """The hour as 20 cells; a cell is missing if any of it is, else unusable, else extracted, else without video."""
        cells = int((self.hour.end - self.hour.start) / CELL)
        return "".join(self._cell(self.hour.start + number * CELL) for number in range(cells))

    def _cell(self, start: datetime) -> str:
        cell = Window(start, start + CELL)
        if clip(self.missing, cell):
            return MISSING
        if clip(self.unusable, cell):
            return UNUSABLE
        return EXTRACTED if clip(self.covered, cell) else DARK


def hours_of(
    camera: "CameraCoverage", looked: Mapping[tuple[str, datetime], float] = _NOT_NOTED
) -> Iterator[CameraHour]:
    """Every hour in which the camera has recorded or covered something; `looked` is pictures a second by camera and hour."""
    unusable = [gap.window for gap in camera.gaps]
    touched = {hour for window in [*camera.recorded, *camera.covered, *unusable] for hour in site_hours(window)}
    for hour in sorted(touched):
        yield CameraHour(
            camera.camera_id,
            hour,
            recorded=clip(camera.recorded, hour),
            covered=clip(camera.covered, hour),
            missing=clip(camera.missing, hour),
            unusable=clip(unusable, hour),
            pictures_per_s=looked.get((camera.camera_id, hour.start)),
        )


def table(rows: list[CameraHour], zone: ZoneInfo) -> Table:
    """The hours in the site's time with minutes recorded, extracted and missing, how often was looked, and the sums in camera-hours."""
    title = f"minutes ({zone.key}): {EXTRACTED} extracted {MISSING} missing {UNUSABLE} unusable {DARK} no video"
    drawn = Table(title=title, title_justify="left", box=None, header_style="bold", show_footer=True)
    sums = [sum(total_hours(part) for part in parts) for parts in zip(*(_parts(row) for row in rows), strict=True)]
    drawn.add_column("camera", overflow="fold")
    drawn.add_column("hour", no_wrap=True)
    drawn.add_column(":00       :30", no_wrap=True, footer="camera-hours")
    for name, total in zip(("recorded", "extracted", "missing"), sums, strict=True):
        drawn.add_column(name, justify="right", no_wrap=True, footer=f"{total:.2f}")
    drawn.add_column("pictures/s", justify="right", no_wrap=True)
    for row in rows:
        rate = "" if row.pictures_per_s is None else f"{row.pictures_per_s:.2f}"
        minutes = (f"{total_hours(part) * 60:.1f}" for part in _parts(row))
        drawn.add_row(row.camera_id, f"{row.hour.start.astimezone(zone):%m-%d %H:%M}", row.drawn, *minutes, rate)
    return drawn


def _parts(row: CameraHour) -> tuple[list[Window], list[Window], list[Window]]:
    return row.recorded, row.covered, row.missing
