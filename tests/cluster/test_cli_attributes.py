"""`mall attributes`: the registry on the command line, and decisions that are refused."""

from pathlib import Path

import pytest

from cluster.cli.app import app
from cluster.cli.outcome import run
from models.world import attributes


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the registry that may be changed, with what must not be told among the proposals."""
    age = 'wording = "how old they look"\nvalues = ["young", "old"]\nhead = "band"\nrows = [0, 1]\nmin_height_px = 40\nversion = 1\n'
    file = tmp_path / "attributes.toml"
    file.write_text(
        f'{attributes.FILE.read_text()}\n[age]\n{age}state = "proposed"\n\n[cape]\n{age}state = "proposed"\n'.replace(
            '[cape]\nwording = "how old they look"\nvalues = ["young", "old"]',
            '[cape]\nwording = "a cape"\nvalues = ["yes", "no"]',
        )
    )
    monkeypatch.setattr(attributes, "FILE", file)
    monkeypatch.setattr(attributes, "REGISTRY", attributes.read(file.read_text()))
    return file


def test_the_list_tells_state_values_and_wording(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["attributes", "list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert set(lines) == {"key", *attributes.REGISTRY}
    assert "approved" in lines["shoes"]
    assert "yes, no" in lines["shoes"]
    assert "on the feet" in lines["shoes"]


def test_one_is_shown_with_its_head_and_whether_the_weights_tell_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["attributes", "show", "shoes"]) == 0
    shown = capsys.readouterr().out
    assert "yes, no, or unknown" in shown
    assert "rows 0.625 to 0.98" in shown
    assert "tell it" in shown
    assert run(app, ["attributes", "show", "cloak"]) == 1
    assert "no attribute 'cloak'; known: shirt" in capsys.readouterr().err


def test_retiring_and_approving_change_the_file(registry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = registry.read_text()
    assert run(app, ["attributes", "retire", "shirt"]) == 0
    assert "shirt: retired in " in capsys.readouterr().out
    assert attributes.read(registry.read_text())["shirt"].state == "retired"
    assert run(app, ["attributes", "approve", "shirt"]) == 0
    assert registry.read_text() == before


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("age", "age cannot be approved: 'age' is a blocked word"),
        ("cape", r"cape (2 values): train them"),
        ("shirt", "shirt is approved already"),
        ("cloak", "no attribute 'cloak'; known: shirt"),
    ],
)
def test_what_cannot_be_approved_leaves_the_file_alone(
    registry: Path, capsys: pytest.CaptureFixture[str], key: str, reason: str
) -> None:
    before = registry.read_text()
    assert run(app, ["attributes", "approve", key]) == 1
    assert reason in capsys.readouterr().err
    assert registry.read_text() == before
