import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.vision import detector
from models.vision.openvino_detector import OpenVinoDetector
from models.vision.pictures import Bgr
from models.vision.weights import resolve
from models.world.errors import BadInput
from pipelines.simulator import training_pictures

GIVEN = Path(__file__).resolve().parents[3] / "shared" / "data" / "weights"
needs_given = pytest.mark.skipif(not GIVEN.exists(), reason="needs the weights of ../shared")
HELD_OUT_SEED = 4242


@pytest.fixture(scope="module")
def own() -> detector.Detector:
    return detector.load("mall-people", device="cpu")


@pytest.fixture(scope="module")
def pictures() -> list[tuple[np.ndarray, np.ndarray]]:
    """Pictures of poses that no training has seen, and the boxes of those who are tall and not cut by the edge."""
    shown = []
    for bgr, boxes, attributes, _ in training_pictures(HELD_OUT_SEED, 24):
        whole = [all(value != "unknown" for value in words.values()) for words in attributes]
        tall = (boxes[:, 3] - boxes[:, 1] > 45) & np.array(whole, dtype=bool)
        shown.append((bgr, boxes[tall]))
    return shown


def overlaps(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    left_top = np.maximum(found[:, None, :2], true[None, :, :2])
    right_bottom = np.minimum(found[:, None, 2:], true[None, :, 2:])
    shared = np.clip(right_bottom - left_top, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (found, true)]
    return shared / (areas[0][:, None] + areas[1][None] - shared)


def test_the_shipped_detector_finds_the_people_of_pictures_it_never_saw(own, pictures):
    seen = people = 0
    for (_, true), found in zip(pictures, own.detect([Bgr(bgr) for bgr, _ in pictures]), strict=True):
        sure = found.boxes_px[found.confidence >= 0.25]
        people += len(true)
        if len(sure) and len(true):
            seen += int((overlaps(sure, true).max(axis=0) >= 0.5).sum())
    assert people > 50
    assert seen / people > 0.9


def test_the_shipped_detector_finds_nobody_in_an_empty_picture(own):
    grey = np.full((384, 640, 3), 128, dtype=np.uint8)
    (found,) = own.detect([Bgr(grey)])
    assert (found.confidence < 0.25).all()


def test_detections_are_sorted_within_the_picture_and_of_the_promised_types(own, pictures):
    bgr = pictures[0][0]
    (found,) = own.detect([Bgr(bgr)])
    assert found.boxes_px.dtype == found.confidence.dtype == np.float32
    assert (np.diff(found.confidence) <= 0).all()
    assert (found.confidence >= detector.MIN_CONFIDENCE).all()
    assert (found.boxes_px >= 0).all()
    assert (found.boxes_px <= [640, 384, 640, 384]).all()


def test_pictures_of_different_sizes_and_no_pictures_are_fine(own):
    sizes = [(384, 640), (720, 405), (200, 200)]
    assert len(list(own.detect(Bgr(np.zeros((*size, 3), np.uint8)) for size in sizes))) == 3
    assert list(own.detect([])) == []


def test_the_input_is_a_small_rectangle_that_holds_the_picture():
    own = OpenVinoDetector(resolve("mall-people").path)
    assert own.input_px((1920, 1080)) == (640, 352)
    assert own.input_px((768, 576)) == (640, 480)


def test_both_forms_of_the_shipped_detector_see_the_same(own, pictures):
    shown = [Bgr(bgr) for bgr, _ in pictures[:6]]
    agree = []
    for here, there in zip(own.detect(shown), detector.load("mall-people.pt", device="cpu").detect(shown), strict=True):
        sure = here.boxes_px[here.confidence > 0.6]
        if len(sure):
            agree += overlaps(sure, there.boxes_px).max(axis=1).tolist()
    assert len(agree) > 5
    assert np.median(agree) > 0.97
    assert min(agree) > 0.75


def test_importing_the_port_loads_neither_torch_nor_openvino_nor_cv2():
    code = "import sys, models.vision.detector; print([m for m in ('torch', 'openvino', 'cv2', 'ultralytics') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.strip() == "[]"


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("not weights")
    with pytest.raises(BadInput, match=r"no detector: expected \.pt"):
        detector.load(tmp_path / "notes.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"0 \.xml files"):
        detector.load(tmp_path / "empty")


def test_openvino_weights_on_a_cuda_device_are_refused():
    with pytest.raises(BadInput, match="cannot run on cuda"):
        detector.load(resolve("mall-people").path, device="cuda")


@needs_given
def test_an_export_of_fixed_size_sees_the_same_when_its_size_is_changed():
    given = OpenVinoDetector(GIVEN / "yolov8n_int8_openvino_model")
    wide = _real_picture()[100:484, :640]
    padded = np.full((640, 640, 3), 114, dtype=np.uint8)
    padded[128:512] = wide
    assert given.input_px((640, 384)) == (640, 384)
    assert given.input_px((640, 640)) == (640, 640)  # its own size: nothing is changed
    (changed,), (own,) = given.detect([Bgr(wide)]), given.detect([Bgr(padded)])
    sure = changed.boxes_px[changed.confidence > 0.25] + np.float32([0, 128, 0, 128])
    assert len(sure) >= 2
    assert overlaps(sure, own.boxes_px).max(axis=1).min() > 0.8


@needs_given
@pytest.mark.parametrize("file", ["yolov8n_int8_openvino_model", "yolox_nano.onnx"])
def test_given_detectors_find_the_people_of_real_footage(file):
    true = [line.split(",") for line in (GIVEN.parent / "pets" / "gt.txt").read_text().splitlines()]
    boxes = np.array([[float(v) for v in row[2:6]] for row in true if row[0] == "1"])
    boxes[:, 2:] += boxes[:, :2]
    (found,) = detector.load(GIVEN / file).detect([Bgr(_real_picture())])
    assert (overlaps(found.boxes_px, boxes).max(axis=0) > 0.5).mean() > 0.6


def _real_picture() -> np.ndarray:
    import cv2

    film = cv2.VideoCapture(str(GIVEN.parent / "pets" / "vtest.avi"))
    picture = np.asarray(film.read()[1], dtype=np.uint8)
    film.release()
    return picture
