import numpy as np
import openvino
import pytest
from openvino import opset15 as opset

from models.vision import describer
from models.vision.colours import name_pixels
from models.vision.crops import MARGIN, crop, person_height
from models.vision.describer import Describer, combine, decide, told_by
from models.vision.pictures import Bgr
from models.world.attributes import ATTRIBUTES, COLOURS, DEFINED, UNKNOWN
from models.world.errors import BadInput

RGB = {
    "black": (26, 26, 29),
    "white": (236, 236, 233),
    "grey": (122, 125, 128),
    "red": (196, 28, 36),
    "orange": (242, 122, 18),
    "yellow": (243, 208, 38),
    "green": (42, 138, 58),
    "blue": (32, 76, 182),
    "purple": (112, 42, 148),
    "pink": (244, 138, 178),
    "brown": (106, 64, 34),
}
SKIN, FLOOR = (228, 185, 150), (170, 172, 168)


def person(shirt: str, trousers: str, height: int = 120) -> np.ndarray:
    """A flat paper figure before a floor, as a crop with its margin, BGR."""
    picture = np.full((int(height * 1.2), int(height * 0.4 * 1.2), 3), FLOOR, dtype=np.uint8)
    rows, columns = picture.shape[0], picture.shape[1]

    def paint(top: float, bottom: float, half_width: float, rgb: tuple[int, int, int]) -> None:
        at = [round((0.1 + share) / 1.2 * rows) for share in (top, bottom)]
        picture[at[0] : at[1], round((0.5 - half_width) * columns) : round((0.5 + half_width) * columns)] = rgb

    paint(0.0, 0.14, 0.09, SKIN)
    paint(0.15, 0.48, 0.22, RGB[shirt])
    paint(0.48, 0.94, 0.16, RGB[trousers])
    paint(0.94, 1.0, 0.18, (240, 240, 240))
    return np.ascontiguousarray(picture[..., ::-1])


@pytest.fixture(scope="module")
def looker() -> Describer:
    return Describer()


@pytest.mark.parametrize("name", COLOURS)
def test_a_plain_shirt_and_plain_trousers_are_called_by_their_colour(looker, name):
    other = "black" if name in ("white", "grey") else "white"
    (upper,) = looker.describe([person(name, other)])
    assert max(upper["shirt"], key=upper["shirt"].get) == name
    (lower,) = looker.describe([person(other, name)])
    assert max(lower["trousers"], key=lower["trousers"].get) == name


def test_evidence_is_a_probability_of_every_value_of_every_attribute(looker):
    (evidence,) = looker.describe([person("red", "blue")])
    assert {key: set(values) for key, values in evidence.items()} == {
        key: set(values) for key, values in ATTRIBUTES.items()
    }
    for values in evidence.values():
        assert sum(values.values()) == pytest.approx(1, abs=1e-3)


def test_weights_of_other_attributes_are_refused(tmp_path):
    pictures = opset.parameter([-1, 2])
    network = openvino.Model([opset.softmax(pictures, 1)], [pictures])
    network.outputs[0].get_tensor().set_names({"hats"})
    openvino.save_model(network, tmp_path / f"{describer.WEIGHTS}.xml")
    with pytest.raises(BadInput, match=r"tell hats \(2 values\), and not shirt \(11 values\), trousers.*train"):
        Describer(tmp_path)


def test_only_what_is_asked_for_is_told_however_much_the_weights_know():
    (told,) = Describer(keys=("trousers",)).describe([person("red", "blue")])
    assert list(told) == ["trousers"]
    assert set(Describer().describe([person("red", "blue")])[0]) == set(ATTRIBUTES)
    known = told_by()
    assert known == {key: len(values) for key, values in DEFINED.items() if key in known}
    assert set(ATTRIBUTES) <= set(known)


def test_people_too_small_to_see_and_crops_without_pixels_give_no_evidence(looker):
    assert looker.describe([person("red", "blue", height=30), np.zeros((0, 10, 3), np.uint8)]) == [{}, {}]


def test_every_name_is_the_name_of_its_own_colour():
    pixels = np.array([RGB[name][::-1] for name in COLOURS], dtype=np.uint8)
    assert [COLOURS[best] for best in name_pixels(pixels).argmax(axis=1)] == list(COLOURS)


def test_a_shirt_in_the_shade_keeps_its_name():
    pixels = np.array([[channel * 0.65 for channel in RGB[name][::-1]] for name in COLOURS]).astype(np.uint8)
    assert [COLOURS[best] for best in name_pixels(pixels).argmax(axis=1)] == list(COLOURS)


def test_nothing_seen_is_unknown():
    assert decide([]) == dict.fromkeys(ATTRIBUTES, (UNKNOWN, 0.0))
    assert decide([{}, {}])["shirt"] == (UNKNOWN, 0.0)


def test_a_close_call_is_unknown_and_a_clear_one_is_not():
    even = {"shirt": {"red": 0.4, "orange": 0.35, "brown": 0.25}}
    assert decide([even])["shirt"][0] == UNKNOWN
    clear = {"shirt": {"red": 0.8, "orange": 0.2}}
    value, confidence = decide([clear])["shirt"]
    assert value == "red"
    assert confidence == pytest.approx(0.8, abs=0.02)


def test_more_crops_make_surer_but_ten_are_not_ten_times_one():
    crop_evidence = {"shoes": {"yes": 0.7, "no": 0.3}}
    alone, ten, hundred = (decide([crop_evidence] * n)["shoes"][1] for n in (1, 10, 100))
    assert alone == pytest.approx(0.7)
    assert 0.7 < ten < hundred < 0.7**2 / (0.7**2 + 0.3**2) + 1e-6  # never more than two independent crops


def test_one_bad_crop_does_not_overrule_four_good_ones():
    good, bad = {"shirt": {"blue": 0.8, "grey": 0.2}}, {"shirt": {"blue": 0.05, "grey": 0.95}}
    assert decide([good] * 4 + [bad])["shirt"][0] == "blue"


def test_combining_keeps_attributes_that_only_some_crops_show():
    both = combine([{"shirt": {"red": 1.0}}, {"shoes": {"yes": 0.9, "no": 0.1}}])
    assert set(both) == {"shirt", "shoes"}


def test_a_crop_is_its_box_with_a_margin_as_far_as_the_picture_goes():
    picture = np.arange(100 * 80 * 3, dtype=np.uint32).astype(np.uint8).reshape(100, 80, 3)
    inner = crop(Bgr(picture), (20, 20, 40, 70))
    assert inner.shape == (60, 24, 3)
    assert person_height(inner) == pytest.approx(50)
    np.testing.assert_array_equal(inner, picture[15:75, 18:42])
    assert crop(Bgr(picture), (0, 0, 80, 100)).shape == (100, 80, 3)
    assert crop(Bgr(picture), (90, 10, 99, 40)).size == 0
    assert MARGIN == 0.1


def test_a_crop_does_not_keep_its_picture_alive():
    picture = np.zeros((100, 80, 3), dtype=np.uint8)
    assert crop(Bgr(picture), (20, 20, 40, 70)).base is None
