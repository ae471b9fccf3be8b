from pathlib import Path

import numpy as np
import pytest

from models.vision import reidentifier
from models.world.errors import BadInput

GIVEN = Path(__file__).resolve().parents[3] / "shared" / "data" / "weights" / "person-reidentification-retail-0288.xml"


def figure(upper: tuple[int, int, int], lower: tuple[int, int, int], size: tuple[int, int] = (96, 48)) -> np.ndarray:
    picture = np.full((*size, 3), 160, dtype=np.uint8)
    half = size[0] // 2
    picture[:half, size[1] // 4 : -size[1] // 4] = upper
    picture[half:, size[1] // 4 : -size[1] // 4] = lower
    return picture


RED_ON_BLUE, BLUE_ON_RED = figure((30, 30, 200), (180, 70, 30)), figure((180, 70, 30), (30, 30, 200))


DIMENSIONS = {reidentifier.DEFAULT: 64, reidentifier.COLOURS: 96}
APART = {reidentifier.DEFAULT: 0.1, reidentifier.COLOURS: 0.2}
"""How much less alike than in other light the same colours are in other places; a network for people sees little in two patches."""


@pytest.fixture(params=list(DIMENSIONS), scope="module")
def own(request: pytest.FixtureRequest) -> reidentifier.Reidentifier:
    return reidentifier.load(request.param)


@pytest.mark.parametrize("name", DIMENSIONS)
def test_embeddings_are_unit_vectors_of_the_documented_length(name):
    vectors = reidentifier.load(name).embed([RED_ON_BLUE, BLUE_ON_RED])
    assert vectors.shape == (2, DIMENSIONS[name])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", APART)
def test_the_same_clothes_are_closer_than_the_same_colours_in_other_places(name):
    again = np.clip(figure((30, 30, 200), (180, 70, 30), (130, 60)) * 0.93, 0, 255).astype(np.uint8)
    anchor, same, swapped = reidentifier.load(name).embed([RED_ON_BLUE, again, BLUE_ON_RED])
    assert anchor @ same > 0.9
    assert anchor @ swapped < anchor @ same - APART[name]


def test_no_crops_and_a_crop_without_pixels_are_fine(own):
    assert own.embed([]).shape == (0, own.embed([RED_ON_BLUE]).shape[1])
    vectors = own.embed([np.zeros((0, 4, 3), np.uint8), RED_ON_BLUE])
    assert [vector.any() for vector in vectors] == [False, True]


def test_many_crops_at_once_are_embedded_as_each_alone(own):
    random = np.random.default_rng(3)
    crops = [random.integers(0, 255, (60 + number, 30, 3), dtype=np.uint8) for number in range(20)]
    alone = np.concatenate([own.embed([crop]) for crop in crops])
    np.testing.assert_allclose(own.embed(crops), alone, atol=1e-3)


def test_what_takes_no_pictures_is_refused():
    with pytest.raises(BadInput, match=r"expected BGR pictures, \(1, 3, height, width\)"):
        reidentifier.load("mall-people")


@pytest.mark.skipif(not GIVEN.exists(), reason="needs the re-identification weights of ../shared")
def test_a_given_network_embeds_as_unit_vectors():
    vectors = reidentifier.load(GIVEN).embed([RED_ON_BLUE, BLUE_ON_RED, RED_ON_BLUE])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert vectors[0] @ vectors[2] == pytest.approx(1, abs=1e-4)
    assert vectors[0] @ vectors[1] < 0.9
