"""The benchmark of the store at a small size: every answer is the truth, and what is missed is said."""

import json
import sys
from pathlib import Path

import pytest

from cluster.bench_store import __main__ as bench_store
from cluster.bench_store.report import Line, table


def test_a_small_run_measures_everything_and_every_answer_is_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    given = ["--days", "2", "--people", "60", "--asks", "2", "--peak", "--json", str(out)]
    monkeypatch.setattr(sys, "argv", ["bench_store", *given])
    bench_store.main()
    figures = json.loads(out.read_text())
    assert figures["answers"] == {"asked": 16, "right": 16}
    assert figures["load"]["loaded_days"] == 2
    assert figures["peak"]["people"] == 600
    told = capsys.readouterr().out
    assert told == table(figures) + "\n"
    for word in (
        "bare COPY path",
        "whole load",
        "kB a person",
        "common-routes, all days",
        "8 clients",
        "DuckDB",
        "600 people",
    ):
        assert word in told


def test_a_floor_is_held_or_missed() -> None:
    assert [Line("share", value, 0.35, 0.55, least=True).verdict for value in (0.35, 0.34)] == ["ok", "MISSED"]
    assert [Line("ms", value, 60, 30).verdict for value in (60, 60.1)] == ["ok", "MISSED"]
    assert Line("told", 5).verdict == ""
    assert str(Line("whole load", 0.3, 0.35, 0.55, least=True)).split() == [
        "whole",
        "load",
        "0.3",
        "0.35",
        "0.55",
        "MISSED",
    ]
