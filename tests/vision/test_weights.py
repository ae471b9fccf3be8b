import re
import shutil
from pathlib import Path

import pytest

from models.vision import weights
from models.world.attributes import ATTRIBUTES
from models.world.errors import BadInput, NotInstalled


def test_every_shipped_file_is_what_the_registry_says():
    shipped = [row for row in weights.registry() if (weights.SHIPPED / row.file).exists()]
    assert weights.DEFAULT_DETECTOR in [row.name for row in shipped]
    for row in shipped:
        assert weights.resolve(row.name).sha256 == row.sha256


def test_the_model_card_says_how_right_every_attribute_is():
    describer = (weights.SHIPPED / "MODEL_CARD.md").read_text().split("\n## mall-describer: ", 1)[1]
    assert describer.splitlines()[0] == ", ".join(ATTRIBUTES)
    for key in ATTRIBUTES:
        assert re.search(rf"\b{key} \d\d\.\d %", describer), f"how right {key} is stands not in MODEL_CARD.md"


def test_the_shipped_detector_takes_at_most_six_megabytes():
    files = [file for file in weights.SHIPPED.rglob("*") if file.suffix in (".pt", ".bin", ".xml")]
    assert sum(file.stat().st_size for file in files) <= 6e6


def test_an_unknown_name_is_refused_with_what_is_known():
    with pytest.raises(BadInput, match=r"no weights at 'nobody-knows'.*mall-people"):
        weights.resolve("nobody-knows")


def test_a_path_is_taken_as_it_is_and_named_by_its_content(tmp_path):
    (tmp_path / "own.onnx").write_bytes(b"weights")
    found = weights.resolve(tmp_path / "own.onnx")
    assert found.path == tmp_path / "own.onnx"
    assert found.sha256 == "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"
    assert "given" in found.origin


def test_a_copy_of_known_weights_is_recognised_wherever_it_lies(tmp_path):
    own = weights.resolve(weights.DEFAULT_DETECTOR)
    shutil.copytree(own.path, tmp_path / "copied")
    assert weights.resolve(tmp_path / "copied").name == weights.DEFAULT_DETECTOR


def test_a_changed_byte_in_any_file_of_a_model_changes_its_digest(tmp_path):
    shutil.copytree(weights.resolve(weights.DEFAULT_DETECTOR).path, tmp_path / "copied")
    before = weights.digest(tmp_path / "copied")
    for file in sorted((tmp_path / "copied").iterdir()):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        assert weights.digest(tmp_path / "copied") != before
        before = weights.digest(tmp_path / "copied")


def test_weights_that_are_not_what_the_registry_says_are_refused(tmp_path):
    (tmp_path / "yolov8n.pt").write_bytes(b"something else")
    with pytest.raises(BadInput, match=r"yolov8n.pt .* have sha256 .* expected 3304646f2d23"):
        weights.resolve("yolov8n.pt", folder=tmp_path)


def test_a_published_name_is_fetched_once(tmp_path):
    fetched = []

    def fetch(url: str, path: Path) -> None:
        fetched.append(url)
        path.write_bytes(b"published")

    for _ in range(2):
        assert weights.resolve("yolo11n.pt", folder=tmp_path, fetch=fetch).path == tmp_path / "yolo11n.pt"
    assert len(fetched) == 1
    assert fetched[0].endswith("/yolo11n.pt")


def test_a_published_name_without_network_says_where_to_put_the_file(tmp_path):
    def fetch(url: str, path: Path) -> None:
        raise OSError("no route to host")

    with pytest.raises(NotInstalled, match=r"no route to host.*or give its path"):
        weights.resolve("yolo11n.pt", folder=tmp_path, fetch=fetch)


def test_known_weights_that_are_not_here_say_where_they_are_from(tmp_path):
    with pytest.raises(NotInstalled, match=r"yolox_nano.onnx .*github.com/Megvii"):
        weights.resolve("yolox_nano.onnx", folder=tmp_path)


def test_an_openvino_model_is_the_same_by_its_folder_and_by_its_xml_file():
    own = weights.resolve(weights.DEFAULT_DETECTOR)
    (xml,) = own.path.glob("*.xml")
    assert weights.resolve(xml).name == own.name
