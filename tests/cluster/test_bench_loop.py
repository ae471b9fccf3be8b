import pytest

from cluster.bench_loop import WANTED, Run, measured, report


def run(recording_s: float = 0.5, most_mb: float = 250.0) -> Run:
    """Two recordings are done after 2 s, eight more at an even pace; 4 s are told to be left after 3 s, and it takes 8 s."""
    done = [(0.5, 0), (2.0, 2), (2.0 + 4 * recording_s, 6), (2.0 + 8 * recording_s, 10), (9.0, 10)]
    told = [(1.0, 5, None), (2.0, 19, 9.0), (3.0, 25, 4.0), (7.0, 90, 0.5)]
    held = [{"raylet": 60.0, "python": mb - 60.0} for mb in (100.0, most_mb, 200.0)]
    return Run(done, held, told, took_s=8.0)


def test_the_pace_is_that_between_the_first_that_is_done_and_the_last() -> None:
    assert (run().first_s, run().recording_s) == (2.0, 0.5)


def test_the_time_left_is_judged_by_what_was_told_after_the_first_fifth() -> None:
    assert run().eta == (4.0, 5.0)


def test_what_is_above_the_wanted_figure_is_said() -> None:
    figures = measured([3.0, 21.0], run(most_mb=200.0), run(), run(recording_s=0.4))
    assert {name: figures[name] for name in WANTED} == {
        "small_s": 21.0,
        "eta_error": pytest.approx(0.2),
        "ray_to_plain": pytest.approx(1.25),
        "memory_ratio": pytest.approx(1.25),
    }
    assert [line.split()[0] for line in report(figures).splitlines() if "ABOVE" in line] == [
        "small_s",
        "ray_to_plain",
        "memory_ratio",
    ]
