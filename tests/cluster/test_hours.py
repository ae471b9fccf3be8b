"""Coverage per camera and hour."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console

from cluster.cli.hours import hours_of, table
from models.world.periods import Window
from sql.coverage import CameraCoverage, Unusable

AT = datetime(2026, 11, 24, 17, tzinfo=UTC)


def minutes(start: int, end: int) -> Window:
    return Window(AT + timedelta(minutes=start), AT + timedelta(minutes=end))


def test_an_hour_shows_what_is_extracted_missing_and_dark() -> None:
    camera = CameraCoverage("cam1", [minutes(9, 42)], [minutes(0, 21)])
    (hour,) = hours_of(camera)
    assert hour.drawn == "█" * 7 + "░" * 7 + "·" * 6


def test_video_that_cannot_be_used_is_neither_missing_nor_extracted() -> None:
    camera = CameraCoverage("cam1", [minutes(0, 60)], [minutes(0, 30)], {"v1"}, [Unusable(minutes(30, 51), "corrupt")])
    (hour,) = hours_of(camera)
    assert hour.drawn == "█" * 10 + "x" * 7 + "░" * 3
    assert hour.missing == [minutes(51, 60)]


def test_a_recording_over_full_hours_is_cut_at_them() -> None:
    hours = list(hours_of(CameraCoverage("cam1", [minutes(50, 130)])))
    assert [hour.hour for hour in hours] == [minutes(0, 60), minutes(60, 120), minutes(120, 180)]
    assert [hour.missing for hour in hours] == [[minutes(50, 60)], [minutes(60, 120)], [minutes(120, 130)]]


def test_the_table_is_in_the_malls_time_and_adds_up() -> None:
    camera = CameraCoverage("cam1", [minutes(0, 90)], [minutes(0, 30)])
    console = Console(width=100)
    with console.capture() as captured:
        console.print(table(list(hours_of(camera, {("cam1", AT): 0.347})), ZoneInfo("Europe/Berlin")))
    title, _, first, second, sums = captured.get().splitlines()
    assert "Europe/Berlin" in title
    assert first.split()[:3] == ["cam1", "11-24", "18:00"]
    assert first.split()[-4:] == ["60.0", "30.0", "30.0", "0.35"]
    assert second.split()[-3:] == ["30.0", "0.0", "30.0"]
    assert sums.split()[-3:] == ["1.50", "0.50", "1.00"]
