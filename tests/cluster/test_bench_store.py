"""The benchmark of the store at a small size: every answer is the truth, and what is missed is said."""

import json
import sys
from pathlib import Path

import pytest

from cluster import bench_store


def test_a_small_run_measures_everything_and_every_answer_is_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    given = ["--days", "2", "--people", "100", "--asks", "2", "--json", str(out)]
    monkeypatch.setattr(sys, "argv", ["bench_store", *given])
    bench_store.main()
    figures = json.loads(out.read_text())
    assert figures["answers"] == {"asked": 10, "right": 10}
    assert figures["load"]["loaded_days"] == 2
    assert set(figures) == {"days", "people", "load", "size", "questions", "answers", "clients", "copy", "retention"}
    assert "not the truth" not in capsys.readouterr().out


def test_what_is_missed_is_said() -> None:
    figures = {
        "questions": {"footfall": {"day_p95_s": 0.03, "days_p95_s": 1.0}, "people": {"day_p95_s": 0.03}},
        "copy": {"bare_to_server": 0.8, "load_to_server": 0.3},
        "size": {"kb_a_person_day": 33.0},
        "clients": {"times": 5.0},
        "answers": {"asked": 2, "right": 1},
    }
    assert bench_store.missed(figures) == [
        "whole load to the server's COPY: 0.3 (wanted: 0.35)",
        "eight clients to one: 5.0 (wanted: 4.0)",
        "footfall over a day, s: 0.03 (wanted: 0.025)",
        "1 answers are not the truth",
    ]
