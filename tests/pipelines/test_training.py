import json
from collections import defaultdict

import cv2
import numpy as np
import pytest
import torch

from models.vision.weights import digest
from models.world.attributes import DEFINED, UNKNOWN
from pipelines.training.describer import Looker, fit, inputs, loss, right_shares, train_describer
from pipelines.training.detector import Stage, train_detector
from pipelines.training.pictures import PERSON, SIZE_PX, write_pictures
from pipelines.training.reidentifier import fit as fit_looks
from pipelines.training.reidentifier import loss as looks_loss
from pipelines.training.reidentifier import rank_one, train_reidentifier


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
    hidden, known = torch.tensor([[-1, -1]]), torch.tensor([[0, 0]])
    assert loss((even,) * 2, hidden) < loss((sure,) * 2, hidden)
    assert loss((sure,) * 2, known) < loss((even,) * 2, known)


def test_the_describer_learns_where_to_look():
    """Clothes of every colour in two places: after a few rounds the upper one is the shirt's, the lower the trousers'."""
    random = np.random.default_rng(0)
    paint = {0: (26, 26, 29), 1: (236, 236, 233), 3: (36, 28, 196), 7: (182, 76, 32)}
    words = random.choice(list(paint), (192, 2))
    crops = np.full((192, 96, 48, 3), 150, dtype=np.uint8)
    for crop, (shirt, trousers) in zip(crops, words, strict=True):
        crop[24:46, 14:34], crop[50:84, 16:32] = paint[shirt], paint[trousers]
    truth = np.full((192, len(DEFINED)), -1)
    columns = [list(DEFINED).index(garment) for garment in ("shirt", "trousers")]
    truth[:, columns] = words
    network = fit(crops, truth, seed=0, epochs=6)
    with torch.no_grad():
        answers = network(*inputs(crops))
    for column in columns:
        assert (answers[column].argmax(dim=1).numpy() == truth[:, column]).mean() > 0.9


def test_an_untrained_network_gives_probabilities_of_every_value():
    answers = Looker().eval()(*inputs(np.zeros((2, 96, 48, 3), np.uint8)))
    assert [tuple(answer.shape) for answer in answers] == [(2, len(values)) for values in DEFINED.values()]
    for answer in answers:
        assert answer.sum(dim=1).tolist() == pytest.approx([1, 1], abs=1e-4)


class Colourblind:
    """Takes everything for black, and says nothing of what else there is."""

    def describe(self, crops_bgr):
        return [{"shirt": {"black": 0.6, "white": 0.4}} for _ in crops_bgr]


def test_a_share_is_right_of_the_crops_that_show_the_attribute(tmp_path):
    write_pictures(tmp_path, 3, 12)
    shown = [
        person["shirt"]
        for file in (tmp_path / "people").iterdir()
        for person in json.loads(file.read_text())
        if person["shirt"] != UNKNOWN and person["box_px"][3] - person["box_px"][1] > 48
    ]
    right = right_shares(Colourblind(), tmp_path, 0)
    assert right["shirt"] == pytest.approx(np.mean([shirt == "black" for shirt in shown]), abs=0.05)
    assert {share for key, share in right.items() if key != "shirt"} == {0.0}


@pytest.mark.filterwarnings("ignore:.torch.jit")  # OpenVINO's own way from torch
def test_the_describer_can_be_trained_again(tmp_path):
    made = train_describer(tmp_path, 3, pictures=4, held_out=4, epochs=1)
    assert digest(made.folder) == made.sha256
    assert set(made.right) == set(DEFINED)
    assert all(0 <= share <= 1 for share in made.right.values())


@pytest.mark.filterwarnings("ignore")
def test_the_detector_can_be_trained_again(tmp_path):
    pytest.importorskip("nncf", reason="quantising is for those who train: pip install .[training]")
    made = train_detector(tmp_path, 3, pictures=8, held_out=2, stages=[Stage(96, 1, 0.001, 0.0)], workers=0)
    assert digest(made.torch) == made.torch_sha256
    assert digest(made.openvino) == made.openvino_sha256
    assert str(tmp_path).encode() not in made.torch.read_bytes()
    assert str(tmp_path) not in (made.openvino / "metadata.yaml").read_text()


def test_people_who_recur_are_named_and_look_alike_in_all_their_pictures(tmp_path):
    write_pictures(tmp_path, 3, 8, recurring=5)
    worn = defaultdict(lambda: defaultdict(set))
    for file in (tmp_path / "people").iterdir():
        people = json.loads(file.read_text())
        names = [person[PERSON] for person in people]
        assert len(set(names)) == len(names)
        for person in people:
            for key in DEFINED:
                worn[person[PERSON]][key].add(person[key])
    assert set(worn) == {f"3-{number}" for number in range(5)}
    assert all(len(values - {UNKNOWN}) <= 1 for person in worn.values() for values in person.values())


def test_the_loss_of_looks_is_least_where_people_lie_together_and_apart_from_others():
    apart, mixed = torch.eye(2)[[0, 0, 1, 1]], torch.eye(2)[[0, 1, 0, 1]]
    people = torch.tensor([7, 7, 8, 8])
    assert looks_loss(apart, people) < 0.1 < looks_loss(mixed, people)


def test_the_reidentifier_learns_who_is_who_in_other_light():
    random = np.random.default_rng(0)
    clothes = random.integers(0, 256, (24, 2, 3))
    people = np.repeat(np.arange(24), 6)
    crops = np.full((len(people), 96, 48, 3), 150, dtype=np.uint8)
    crops[:, 24:46, 14:34] = clothes[people, 0][:, None, None]
    crops[:, 50:84, 16:32] = clothes[people, 1][:, None, None]
    lit = np.clip(crops * random.normal(1, 0.1, (len(crops), 1, 1, 1)), 0, 255).astype(np.uint8)
    network = fit_looks(lit, people, seed=0, batches=12)
    with torch.no_grad():
        vectors = network(torch.from_numpy(lit.astype(np.float32).transpose(0, 3, 1, 2))).numpy()
    likeness = vectors @ vectors.T - 2 * np.eye(len(vectors))
    assert (people[likeness.argmax(axis=1)] == people).mean() > 0.9


class SameForAll:
    """Finds everybody alike."""

    def embed(self, crops_bgr):
        return np.ones((len(crops_bgr), 1), np.float32)


class NobodyAlike:
    """Finds every crop unlike all others."""

    def embed(self, crops_bgr):
        return np.eye(len(crops_bgr), dtype=np.float32)


@pytest.mark.filterwarnings("ignore:.torch.jit")  # OpenVINO's own way from torch
def test_the_reidentifier_can_be_trained_again(tmp_path):
    made = train_reidentifier(tmp_path, 3, pictures=4, held_out=8, batches=2)
    assert digest(made.folder) == made.sha256
    assert 0 <= made.rank_one <= 1
    assert rank_one(SameForAll(), tmp_path / "val", 3) < 0.2
    assert rank_one(NobodyAlike(), tmp_path / "val", 3) < 0.2
