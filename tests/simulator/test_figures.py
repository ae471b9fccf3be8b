from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from models.world.attributes import COLOURS, DEFINED
from pipelines.simulator.drawing import Painter, Sight
from pipelines.simulator.figure import LACKS, SHOWS, Crowd, faces
from pipelines.simulator.stage import Lamps, Stage
from pipelines.simulator.view import View
from pipelines.simulator.wardrobe import Look, dress

VIEW = View(0.0, 0.0, 5.0, 0.0, np.radians(32), 380.0)
GREY = 150


def stage(range_m: float = 1000.0) -> Stage:
    """A grey nothing without shadows; a thing at `range_m` fills the picture."""
    ranges = np.full((384, 640), range_m, dtype=np.float32)
    return Stage(VIEW, np.full((384, 640, 3), GREY, dtype=np.uint8), ranges, Lamps())


def crowd(looks: list[Look], xy_m: list[tuple[float, float]], heading: float = 0.7, stride: float = 0.8) -> Crowd:
    count = len(looks)
    return Crowd(looks, np.array(xy_m, dtype=float), *(np.full(count, value) for value in (heading, 1.0, stride)))


def paint(people: Crowd, on: Stage | None = None) -> tuple[np.ndarray, Sight]:
    return Painter(on or stage()).draw(people)


def anybody(seed: int = 0) -> Look:
    return dress(np.random.default_rng(seed))


def test_the_box_goes_round_the_drawn_figure() -> None:
    for place in [(5.0, 0.0), (8.0, 3.0), (14.0, -5.0)]:
        picture, sight = paint(crowd([anybody()], [place]))
        rows, columns = np.nonzero((picture != GREY).any(axis=2))
        drawn = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert sight.boxes_px[0] == pytest.approx(drawn, abs=1.2)


def test_the_box_of_someone_half_in_the_picture_ends_at_its_rim() -> None:
    x, y = VIEW.floor_point(np.array([[12.0, 250.0]]))[0]
    _, sight = paint(crowd([anybody()], [(x, y)]))
    assert sight.boxes_px[0, 0] == 0
    assert 0.2 < sight.visible[0] < 0.9
    assert sight.boxes_px[0, 2] > 5


def test_the_figure_is_as_tall_as_the_person() -> None:
    for height in (1.5, 1.95):
        corners = faces(crowd([replace(anybody(), height_m=height)], [(6.0, 0.0)], stride=0.0)).corners_m
        assert corners[..., 2].max() == pytest.approx(height, rel=0.03)
        assert 0 <= corners[..., 2].min() < 0.03


def test_feet_stay_on_the_floor_through_the_whole_stride() -> None:
    for phase in np.linspace(0, 2 * np.pi, 12):
        body = replace(crowd([anybody()], [(6.0, 0.0)], stride=1.0), phase=np.array([phase]))
        assert -0.01 <= faces(body).corners_m[..., 2].min() < 0.04


def test_who_stands_nearer_hides_who_stands_behind() -> None:
    _, sight = paint(crowd([anybody(1), anybody(2)], [(9.0, 0.0), (8.5, 0.0)]))
    assert sight.visible[1] > 0.99
    assert sight.visible[0] < 0.6


def test_what_stands_nearer_hides_people_and_what_stands_behind_does_not() -> None:
    person = crowd([anybody()], [(8.0, 0.0)])
    hidden, sight = paint(person, stage(range_m=4.0))
    assert (hidden == GREY).all()
    assert sight.visible[0] == 0
    assert paint(person, stage(range_m=12.0))[1].visible[0] > 0.99


def test_hidden_legs_leave_the_shirt_visible() -> None:
    place = (8.0, 0.0)
    _, whole = paint(crowd([anybody()], [place]))
    behind_table = stage()
    hips = int(whole.boxes_px[0, [1, 3]] @ [0.4, 0.6])
    behind_table.range_m[hips:] = 3.0
    _, sight = paint(crowd([anybody()], [place]), behind_table)
    assert sight.share(0, SHOWS["shirt"]) > 0.9
    assert sight.share(0, SHOWS["shoes"]) == 0


def test_someone_behind_the_camera_or_out_of_the_picture_is_not_seen() -> None:
    picture, sight = paint(crowd([anybody(), anybody()], [(-4.0, 0.0), (5.0, 30.0)]))
    assert (picture == GREY).all()
    assert (sight.visible == 0).all()


def test_a_picture_without_people_is_the_empty_hall() -> None:
    picture, sight = paint(Crowd([], np.zeros((0, 2)), np.zeros(0), np.zeros(0), np.zeros(0)))
    assert (picture == GREY).all()
    assert sight.visible.shape == (0,)


def test_a_painter_draws_moving_and_standing_people_as_if_it_had_drawn_nothing_before() -> None:
    looks = [anybody(seed) for seed in range(4)]
    painter = Painter(stage())
    for step in range(3):
        people = crowd(looks, [(6.0, 0.0), (7.0, 1.0 + 0.1 * step), (8.0, -1.0), (9.0 + step, 0.3)])
        again, sight = painter.draw(people)
        fresh, alone = paint(people)
        assert (again == fresh).all()
        assert (sight.visible == alone.visible).all()


@pytest.mark.parametrize("garment", ["shirt", "trousers"])
@pytest.mark.parametrize("colour", COLOURS)
def test_every_shown_colour_names_itself(garment: str, colour: str) -> None:
    people = _wearing(garment, colour)
    assert len(people) == 4
    for turn, look in enumerate(people):
        shown = _shown_colour(look, garment, heading=turn * 1.7)
        assert _name(shown) == colour, shown


def test_the_shirt_covers_the_upper_body_and_trousers_the_legs() -> None:
    for seed in range(6):
        look = anybody(seed)
        _, sight = paint(crowd([look], [(6.0, 1.0)], heading=seed * 1.0))
        top, bottom = sight.boxes_px[0, [1, 3]]
        for garment, middle in (("shirt", 0.36), ("trousers", 0.68)):
            rows = np.nonzero(_worn(look, garment, heading=seed * 1.0)[1])[0]
            assert (rows.mean() - top) / (bottom - top) == pytest.approx(middle, abs=0.09)
            assert len(rows) > 0.2 * sight.pixels[0]


def test_some_part_of_the_body_shows_every_attribute() -> None:
    assert set(SHOWS) == set(DEFINED)
    assert set(LACKS) <= set(DEFINED)


def test_bare_feet_show_skin_and_shoes_do_not() -> None:
    for seed in range(200):
        look = anybody(seed)
        apart = float(np.linalg.norm(_lab(look.feet_rgb) - _lab(look.skin_rgb)))
        assert (apart < 1) == (look.shoes == "no")
        assert (apart > 20) == (look.shoes == "yes")


@cache
def _people() -> list[Look]:
    random = np.random.default_rng(12)
    return [dress(random) for _ in range(400)]


def _wearing(garment: str, colour: str) -> list[Look]:
    """Four of the people whom chance dressed in that colour."""
    return [look for look in _people() if getattr(look, garment) == colour][:4]


def _worn(look: Look, garment: str, heading: float) -> tuple[np.ndarray, np.ndarray]:
    """A picture, and the pixels in it, (h, w), that change when only the garment's colour does."""
    place = [(6.0, 1.0)]
    worn, _ = paint(crowd([look], place, heading))
    other, _ = paint(crowd([replace(look, **{f"{garment}_rgb": (0.0, 255.0, 0.0)})], place, heading))
    return worn, (worn != other).any(axis=2)


def _shown_colour(look: Look, garment: str, heading: float) -> np.ndarray:
    worn, changed = _worn(look, garment, heading)
    return np.median(worn[changed], axis=0)[::-1]


def _name(rgb: np.ndarray) -> str:
    """What people call a colour, by hue, saturation and value: written from a colour wheel, not from the wardrobe."""
    hue, saturation, value = cv2.cvtColor((rgb / 255).astype(np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2HSV).ravel()
    if value < 0.2 or saturation < 0.15:
        return "black" if value < 0.2 else "white" if value > 0.55 else "grey"
    if 12 <= hue < 40:
        return "orange" if value > 0.55 else "brown"
    wheel = {12: "red", 68: "yellow", 170: "green", 250: "blue", 310: "purple", 361: "red"}
    name = next(word for edge, word in wheel.items() if hue < edge)
    return "pink" if name == "red" and saturation < 0.6 else name


def _lab(rgb: tuple[float, float, float] | np.ndarray) -> np.ndarray:
    return cv2.cvtColor((np.array(rgb, dtype=np.float32) / 255).reshape(1, 1, 3), cv2.COLOR_RGB2Lab).ravel()
