"""How right attributes are: what counts as right, how sure one may be, and seeds that must not be reported on."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cluster.cli.app import app
from cluster.cli.outcome import run
from models.world.attributes import COLOURS, DEFINED, UNKNOWN
from models.world.errors import BadInput
from pipelines import attribute_pictures
from pipelines.described_people import DescribedPerson, Told
from pipelines.evaluate_attributes import REPORTING, TRAINED_ON, TUNING, calibration_error, evaluate_attributes, scores
from pipelines.simulator.moments import HallSize

VALUES = {"shirt": COLOURS, "shoes": ("yes", "no")}


def told(name: str, shirt: str, said: str, confidence: float, shoes: str = "yes", feet: str = "yes") -> list[Told]:
    crop = np.full((60, 30, 3), 90, dtype=np.uint8)
    person = DescribedPerson(name, {"shirt": shirt, "shoes": shoes}, (), (crop,) * 3)
    return [Told(person, "shirt", said, confidence), Told(person, "shoes", feet, 0.9)]


FIRST = [
    *told("1", "red", "red", 0.9),
    *told("2", "blue", UNKNOWN, 0.4),
    *told("3", "blue", "purple", 0.8, "no", "yes"),
]
SECOND = [*told("4", "grey", "grey", 1.0), *told("5", "pink", "pink", 0.7)]


def test_unknown_is_not_right_and_seeds_count_alike() -> None:
    found = scores({1: FIRST, 2: SECOND}, VALUES)
    assert found["shirt"]["right_by_seed"] == [pytest.approx(100 / 3, abs=0.01), 100]
    assert found["shirt"]["right"] == pytest.approx((100 / 3 + 100) / 2, abs=0.01)
    assert found["shirt"]["right_spread"] == pytest.approx(100 / 3, abs=0.01)
    assert found["shirt"]["told"] == pytest.approx((200 / 3 + 100) / 2, abs=0.01)
    assert found["shirt"]["right_of_told"] == 75
    assert found["shoes"]["right_of_told"] == 80
    assert found["colours"]["right"] == found["shirt"]["right"]
    assert found["shirt"]["people"] == 5


def test_confidence_that_is_right_as_often_as_it_says_has_no_error() -> None:
    certain = [one for n in range(4) for one in told(str(n), "red", "red", 1.0)[:1]]
    assert calibration_error(certain) == 0
    half = [one for n in range(4) for one in told(str(n), "red", "red" if n % 2 else "blue", 0.5)[:1]]
    assert calibration_error(half) == pytest.approx(0)
    boasting = [one for n in range(4) for one in told(str(n), "red", "red" if n % 2 else "blue", 0.95)[:1]]
    assert calibration_error(boasting) == pytest.approx(45)
    assert calibration_error([]) == 0


def test_what_is_taken_for_what_is_counted_and_drawn(tmp_path: Path) -> None:
    counts = attribute_pictures.confusion(FIRST + SECOND, "shirt", COLOURS)
    blue = COLOURS.index("blue")
    assert counts[blue, COLOURS.index("purple")] == 1
    assert counts[blue, -1] == 1
    assert counts.sum() == 5
    attribute_pictures.save(tmp_path / "pictures", FIRST + SECOND, VALUES)
    attribute_pictures.save(tmp_path / "right", SECOND, VALUES)
    for name in (attribute_pictures.CONFUSION, attribute_pictures.WORST):
        assert cv2.imread(str(tmp_path / "pictures" / name)).std() > 5
        assert (tmp_path / "right" / name).exists()


def test_seeds_of_training_tuning_and_reporting_are_kept_apart() -> None:
    assert not set(TUNING) & set(REPORTING)
    assert not TRAINED_ON & {*TUNING, *REPORTING}
    assert len(REPORTING) >= 3
    for seeds in ((1,), (911, 911), ()):
        with pytest.raises(BadInput, match="nothing was trained on"):
            evaluate_attributes(seeds=seeds)
    with pytest.raises(BadInput, match="no light 'dim'; known: usual, other"):
        evaluate_attributes(light="dim")


def test_people_of_a_hall_are_described_as_extraction_does(tmp_path: Path) -> None:
    size, ticks = HallSize(cameras=2, people=5, seconds=8), []
    found = evaluate_attributes(
        seeds=(77,), halls=1, size=size, json_out=tmp_path / "a.json", pictures_out=tmp_path / "a",
        progress=lambda done, total: ticks.append((done, total)),
    )  # fmt: skip
    assert json.loads((tmp_path / "a.json").read_text()) == found
    assert ticks == [(1, 1)]
    assert {"colours", *DEFINED} <= set(found)
    assert 2 <= found["shirt"]["people"] <= 5
    assert found["colours"]["right"] >= 70
    assert evaluate_attributes(seeds=(77,), halls=1, size=size) == found
    assert (tmp_path / "a/worst.png").exists()


def test_the_command_refuses_seeds_of_training_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["evaluate", "attributes", "--seed", "1", "--json", str(tmp_path / "a.json")]) == 1
    assert "nothing was trained on" in capsys.readouterr().err
