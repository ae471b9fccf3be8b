import json

import cv2
import numpy as np
import pytest
import torch

from models.vision.weights import digest
from models.world.people import ATTRIBUTES
from pipelines.training.describer import Looker, fit, inputs, loss
from pipelines.training.detector import Stage, train_detector
from pipelines.training.pictures import SIZE_PX, write_pictures


def test_pictures_are_written_with_boxes_that_lie_where_the_people_are(tmp_path):
    write_pictures(tmp_path, 7, 3)
    names = sorted(file.stem for file in (tmp_path / "images").iterdir())
    assert names == ["7-00000", "7-00001", "7-00002"]
    for name in names:
        picture = cv2.imread(str(tmp_path / "images" / f"{name}.jpg"))
        assert picture.shape == (SIZE_PX[1], SIZE_PX[0], 3)
        people = json.loads((tmp_path / "people" / f"{name}.json").read_text())
        boxes = np.array([person["box_px"] for person in people]).reshape(-1, 4)
        lines = (tmp_path / "labels" / f"{name}.txt").read_text().splitlines()
        written = np.array([line.split() for line in lines], dtype=float).reshape(-1, 5)
        corners = written[:, 1:3] - written[:, 3:] / 2, written[:, 1:3] + written[:, 3:] / 2
        np.testing.assert_allclose(np.hstack(corners) * [*SIZE_PX, *SIZE_PX], boxes, atol=0.02)
        assert (written[:, 0] == 0).all()


def test_a_hidden_attribute_is_best_answered_by_all_values_alike():
    sure, even = torch.tensor([[0.98, 0.02]]), torch.tensor([[0.5, 0.5]])
    hidden, known = torch.tensor([[-1, -1, -1]]), torch.tensor([[0, 0, 0]])
    assert loss((even,) * 3, hidden) < loss((sure,) * 3, hidden)
    assert loss((sure,) * 3, known) < loss((even,) * 3, known)


def test_the_describer_learns_where_to_look():
    """Clothes of every colour in two places: after a few rounds the upper one is the shirt's, the lower the trousers'."""
    random = np.random.default_rng(0)
    paint = {0: (26, 26, 29), 1: (236, 236, 233), 3: (36, 28, 196), 7: (182, 76, 32)}
    words = random.choice(list(paint), (192, 2))
    crops = np.full((192, 96, 48, 3), 150, dtype=np.uint8)
    for crop, (shirt, trousers) in zip(crops, words, strict=True):
        crop[24:46, 14:34], crop[50:84, 16:32] = paint[shirt], paint[trousers]
    truth = np.column_stack([words, np.full(192, -1)])
    network = fit(crops, truth, seed=0, epochs=6)
    with torch.no_grad():
        shirt, trousers, shoes = network(*inputs(crops))
    assert (shirt.argmax(dim=1).numpy() == words[:, 0]).mean() > 0.9
    assert (trousers.argmax(dim=1).numpy() == words[:, 1]).mean() > 0.9
    assert shoes.shape == (192, len(ATTRIBUTES["shoes"]))


def test_an_untrained_network_gives_probabilities_of_every_value():
    answers = Looker().eval()(*inputs(np.zeros((2, 96, 48, 3), np.uint8)))
    assert [tuple(answer.shape) for answer in answers] == [(2, len(values)) for values in ATTRIBUTES.values()]
    for answer in answers:
        assert answer.sum(dim=1).tolist() == pytest.approx([1, 1], abs=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_the_detector_can_be_trained_again(tmp_path):
    pytest.importorskip("nncf", reason="quantising is for those who train: pip install .[training]")
    made = train_detector(tmp_path, 3, pictures=8, held_out=2, stages=[Stage(96, 1, 0.001, 0.0)], workers=0)
    assert digest(made.torch) == made.torch_sha256
    assert digest(made.openvino) == made.openvino_sha256
    assert str(tmp_path).encode() not in made.torch.read_bytes()
    assert str(tmp_path) not in (made.openvino / "metadata.yaml").read_text()
