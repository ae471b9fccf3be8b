import numpy as np
import pytest

from models.world.attributes import DEFINED, UNKNOWN
from models.world.errors import BadInput
from pipelines.simulator import training_pictures
from pipelines.simulator.pictures import TrainingPicture


@pytest.fixture(scope="module")
def pictures() -> list[TrainingPicture]:
    return list(training_pictures(3, 18))


def test_as_many_pictures_as_asked_for_with_boxes_and_attributes(pictures: list[TrainingPicture]) -> None:
    assert len(pictures) == 18
    for picture, boxes, attributes, _ in pictures:
        assert picture.shape == (384, 640, 3)
        assert picture.dtype == np.uint8
        assert boxes.dtype == np.float32
        assert boxes.shape == (len(attributes), 4)


def test_boxes_lie_in_the_picture_and_have_a_size(pictures: list[TrainingPicture]) -> None:
    boxes = np.concatenate([boxes for _, boxes, *_ in pictures])
    assert (boxes >= 0).all()
    assert (boxes <= [640, 384, 640, 384]).all()
    assert (boxes[:, 2] - boxes[:, 0] > 2).all()
    assert (boxes[:, 3] - boxes[:, 1] >= 12).all()
    assert 40 < np.median(boxes[:, 3] - boxes[:, 1]) < 170


def test_attributes_are_known_words_and_some_are_hidden(pictures: list[TrainingPicture]) -> None:
    words = [(key, value) for _, _, people, _ in pictures for person in people for key, value in person.items()]
    assert all(value in (*DEFINED[key], UNKNOWN) for key, value in words)
    hidden = [value == UNKNOWN for key, value in words if key == "shoes"]
    assert 0 < np.mean(hidden) < 0.5


def test_there_are_crowds_and_empty_floors() -> None:
    counts = [len(boxes) for _, boxes, *_ in training_pictures(8, 24, size_px=(320, 192))]
    assert min(counts) == 0
    assert max(counts) > 12


def test_the_same_seed_gives_the_same_pictures_in_the_size_asked_for() -> None:
    first, again = (list(training_pictures(5, 3, size_px=(320, 192))) for _ in range(2))
    assert all(
        (a[0] == b[0]).all() and (a[1] == b[1]).all() and a[2] == b[2] for a, b in zip(first, again, strict=True)
    )
    assert first[0][0].shape == (192, 320, 3)
    other = next(training_pictures(6, 1, size_px=(320, 192)))
    assert (first[0][0] != other[0]).any()


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(BadInput, match="0 or more; got -1"):
        next(training_pictures(1, -1))
