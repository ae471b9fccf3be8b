"""Coverage as a table: a line for each camera and hour, with the hour drawn as a bar of 3-minute cells."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.table import Table

from models.world.periods import Window, clip, site_hours, total_hours

if TYPE_CHECKING:
    from sql.coverage import CameraCoverage

CELL = timedelta(minutes=3)
EXTRACTED, MISSING, UNUSABLE, DARK = "█", "░", "x", "·"


@dataclass(frozen=True)
class CameraHour:
    """One camera in one full hour; the windows lie within the hour."""

    camera_id: str
    hour: Window
    recorded: list[Window]
    covered: list[Window]
    missing: list[Window]
    unusable: list[Window]

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


def hours_of(camera: "CameraCoverage") -> Iterator[CameraHour]:
    """Every hour in which the camera has recorded or covered something."""
    unusable = [gap.window for gap in camera.gaps]
    touched = {hour for window in [*camera.recorded, *camera.covered, *unusable] for hour in site_hours(window)}
    for hour in sorted(touched):
        parts = (clip(windows, hour) for windows in (camera.recorded, camera.covered, camera.missing, unusable))
        yield CameraHour(camera.camera_id, hour, *parts)


def table(rows: list[CameraHour], zone: ZoneInfo) -> Table:
    """The hours in the site's time with minutes recorded, extracted and missing, and the sums in camera-hours."""
    title = f"minutes ({zone.key}): {EXTRACTED} extracted {MISSING} missing {UNUSABLE} unusable {DARK} no video"
    drawn = Table(title=title, title_justify="left", box=None, header_style="bold", show_footer=True)
    sums = [sum(total_hours(part) for part in parts) for parts in zip(*(_parts(row) for row in rows), strict=True)]
    drawn.add_column("camera", overflow="fold")
    drawn.add_column("hour", no_wrap=True)
    drawn.add_column(":00       :30", no_wrap=True, footer="camera-hours")
    for name, total in zip(("recorded", "extracted", "missing"), sums, strict=True):
        drawn.add_column(name, justify="right", no_wrap=True, footer=f"{total:.2f}")
    for row in rows:
        minutes = (f"{total_hours(part) * 60:.1f}" for part in _parts(row))
        drawn.add_row(row.camera_id, f"{row.hour.start.astimezone(zone):%m-%d %H:%M}", row.drawn, *minutes)
    return drawn


def _parts(row: CameraHour) -> tuple[list[Window], list[Window], list[Window]]:
    return row.recorded, row.covered, row.missing
