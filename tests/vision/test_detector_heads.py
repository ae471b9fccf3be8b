import numpy as np
import pytest

from models.vision import heads
from models.world.errors import BadInput

INPUT = (64, 32)
CELLS = 8 * 4 + 4 * 2 + 2 * 1


def test_heads_are_told_by_the_shape_of_their_output():
    assert heads.recognise((1, 84, CELLS), INPUT) == (heads.YOLO, 80)
    assert heads.recognise((1, 5, CELLS), INPUT) == (heads.YOLO, 1)
    assert heads.recognise((1, CELLS, 85), INPUT) == (heads.YOLOX, 80)
    assert heads.recognise((1, 300, 6), INPUT)[0] is heads.END2END


def test_an_unknown_output_is_refused_with_what_was_expected():
    with pytest.raises(BadInput, match=r"\(1, 1000\).*expected"):
        heads.recognise((1, 1000), INPUT)


def test_yolo_boxes_are_centre_and_size_and_only_people_count():
    output = np.zeros((1, 4 + 2, 3), dtype=np.float32)
    output[0, :, 0] = [20, 10, 8, 4, 0.9, 0.0]
    output[0, :, 1] = [40, 10, 8, 4, 0.3, 0.8]  # more of something else
    output[0, :, 2] = [50, 10, 8, 4, 0.05, 0.0]  # too weak
    boxes, scores = heads.read_yolo(output, 0, INPUT)
    assert boxes.tolist() == [[16, 8, 24, 12]]
    assert scores == pytest.approx([0.9])


def test_yolox_boxes_are_offsets_and_log_sizes_in_cells():
    output = np.zeros((1, CELLS, 5 + 2), dtype=np.float32)
    second_stride = 8 * 4 + 1  # stride 16, second column, first row
    output[0, second_stride] = [0.5, 0.25, np.log(2), np.log(1.5), 0.8, 0.5, 0.1]
    boxes, scores = heads.read_yolox(output, 0, INPUT)
    assert boxes == pytest.approx(np.array([[24 - 16, 4 - 12, 24 + 16, 4 + 12]]))
    assert scores == pytest.approx([0.4])


def test_end_to_end_rows_are_taken_as_they_are():
    output = np.zeros((1, 300, 6), dtype=np.float32)
    output[0, 0] = [1, 2, 3, 4, 0.7, 0]
    output[0, 1] = [1, 2, 3, 4, 0.7, 5]
    boxes, scores = heads.read_end2end(output, 0, INPUT)
    assert boxes.tolist() == [[1, 2, 3, 4]]
    assert scores == pytest.approx([0.7])


def test_of_two_boxes_on_one_person_the_surer_stays_and_neighbours_stay_too():
    boxes = np.array([[0, 0, 10, 20], [0, 0, 10, 21], [6, 0, 16, 20]], dtype=np.float32)
    found = heads.without_doubles(boxes, np.array([0.5, 0.9, 0.7], dtype=np.float32))
    assert found.boxes_px.tolist() == [[0, 0, 10, 21], [6, 0, 16, 20]]
    assert found.confidence == pytest.approx([0.9, 0.7])


def test_nothing_found_is_no_boxes():
    found = heads.without_doubles(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    assert found.boxes_px.shape == (0, 4)
    assert len(found) == 0
