from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.world.periods import Window, local_day, merge, read_time, site_hours, subtract, total_hours

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def minutes(start: int, end: int) -> Window:
    return Window(NOON + timedelta(minutes=start), NOON + timedelta(minutes=end))


windows = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 90)).map(lambda pair: minutes(pair[0], sum(pair))))


def test_a_window_refuses_a_naive_time_and_an_end_before_its_start() -> None:
    with pytest.raises(ValueError, match="offset"):
        Window(datetime(2026, 11, 24), NOON)
    with pytest.raises(ValueError, match="end after"):
        Window(NOON, NOON)


def test_touching_windows_do_not_overlap_but_merge() -> None:
    assert minutes(0, 10).overlap(minutes(10, 20)) is None
    assert merge([minutes(10, 20), minutes(0, 10)]) == [minutes(0, 20)]


@given(windows, windows)
def test_what_is_left_and_what_is_cut_add_up_to_the_whole(whole: list[Window], taken: list[Window]) -> None:
    left = subtract(whole, taken)
    assert all(piece.overlap(hole) is None for piece in left for hole in taken)
    assert merge([*left, *taken]) == merge([*whole, *taken])
    assert total_hours(left) <= total_hours(merge(whole)) + 1e-9


def test_a_window_over_a_full_hour_touches_both_hours() -> None:
    assert [hour.start.hour for hour in site_hours(minutes(-1, 1))] == [11, 12]
    assert [hour.start.hour for hour in site_hours(minutes(0, 60))] == [12]


def test_a_time_without_offset_is_local_and_with_offset_is_not() -> None:
    assert read_time("2026-11-24T13:00", BERLIN) == NOON
    assert read_time("2026-11-24T13:00+02:00", BERLIN) == NOON - timedelta(hours=1)


def test_a_time_that_a_clock_change_doubles_is_refused_with_both_readings() -> None:
    with pytest.raises(ValueError, match=r"occurs twice.*02:30:00\+02:00 or .*02:30:00\+01:00"):
        read_time("2026-10-25T02:30", BERLIN)


def test_a_time_that_a_clock_change_skips_is_refused_with_both_readings() -> None:
    with pytest.raises(ValueError, match=r"does not exist.*02:30:00\+01:00 or .*02:30:00\+02:00"):
        read_time("2026-03-29T02:30", BERLIN)


def test_text_that_is_no_time_is_refused_with_an_example() -> None:
    with pytest.raises(ValueError, match="'five' is not a time; write it like"):
        read_time("five", BERLIN)


def test_the_day_of_a_visit_is_the_malls_own() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert local_day(late, BERLIN).day == 25
