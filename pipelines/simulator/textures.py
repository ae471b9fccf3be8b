"""Patterns of the hall's surfaces, all from one random generator: stone tiles, plaster, shop fronts, glass doors."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.plan import DOOR_M, Shop
from pipelines.simulator.stage import Lamps

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]
DENSITY = 60
"""Texture pixels per metre."""
FRONT_M = 3.4
"""The height of a shop front."""
_TILED_M = 12.0


@dataclass(frozen=True)
class Decor:
    """The colours of a hall, sRGB 0-255, the size of its tiles and its lamps."""

    tile_rgb: tuple[float, float, float]
    tile_m: float
    wall_rgb: tuple[float, float, float]
    lamps: Lamps
    texture_seed: int


def decorate(random: np.random.Generator) -> Decor:
    """A hall's decor at random: stone tiles from light grey to warm brown, light walls, soft pools of lamp light."""
    stones = ((196, 190, 180), (176, 176, 178), (206, 198, 182), (150, 146, 142), (188, 168, 142), (120, 122, 128))
    stone = np.array(stones[random.integers(len(stones))]) + random.uniform(-12, 12, 3)
    wall = np.array([200.0, 196, 188]) * random.uniform(0.75, 1.15) + random.uniform(-12, 12, 3)
    waves = [
        (random.uniform(0.03, 0.08), *random.uniform(-0.9, 0.9, 2), random.uniform(0, 2 * np.pi)) for _ in range(3)
    ]
    lamps = Lamps(tuple((float(a), float(x), float(y), float(p)) for a, x, y, p in waves))
    tile_m = float(random.choice([0.5, 0.6, 1.0]))
    return Decor(_rgb(stone), tile_m, _rgb(wall), lamps, int(random.integers(2**31)))


def _rgb(values: Floats) -> tuple[float, float, float]:
    red, green, blue = np.clip(values, 5, 250)
    return float(red), float(green), float(blue)


def plain(bgr: Floats, random: np.random.Generator, rough: float = 4, cells: int = 12) -> Image:
    """A patch of 2.8 m with `cells` x `cells` soft blotches of the given roughness."""
    coarse = random.normal(0, rough, (cells, cells, 1)).astype(np.float32)
    size = int(2.8 * DENSITY)
    blotches = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(bgr + blotches[:, :, None], 0, 255), dtype=np.uint8)


def tiles(decor: Decor, random: np.random.Generator) -> Image:
    """12 m of floor: tiles of slightly different shades, joints, and wear."""
    size = int(_TILED_M * DENSITY)
    count = round(_TILED_M / decor.tile_m)
    shades = random.normal(0, 4, (count, count, 1)) + 7 * (
        (np.indices((count, count)).sum(axis=0) % 2)[:, :, None] - 0.5
    )
    tiles = cv2.resize(
        (np.array(decor.tile_rgb[::-1]) + shades).astype(np.float32), (size, size), interpolation=cv2.INTER_NEAREST
    )
    wear = cv2.resize(random.normal(0, 5, (40, 40)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    floor = tiles + wear[:, :, None] + random.normal(0, 2, (size, size, 1))
    joints = (np.arange(size) % (size / count)) < 2
    floor[joints] *= 0.86
    floor[:, joints] *= 0.86
    return np.asarray(np.clip(floor, 0, 255), dtype=np.uint8)


def front(shop: Shop, random: np.random.Generator) -> Image:
    """A shop front: sign on top, glass with shelves and goods behind it, a dark doorway."""
    width, height = int(np.hypot(*np.subtract(shop.right, shop.left)) * DENSITY), int(FRONT_M * DENSITY)
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[:] = np.linspace(150, 78, height)[:, None, None] * np.array([1.0, 0.97, 0.92])
    for shelf in range(3):
        _goods(image, int(height * (0.42 + 0.19 * shelf)), random)
    door = int(width * random.uniform(0.1, 0.65))
    image[int(0.24 * height) :, door : door + int(1.3 * DENSITY)] = (52, 50, 48)
    image[int(0.94 * height) :] = (70, 72, 76)
    for pane in range(5):
        cv2.rectangle(image, (pane * width // 4 - 3, 0), (pane * width // 4 + 3, height), (92, 96, 100), -1)
    image[: int(0.2 * height)] = shop.colour[::-1]
    light = sum(shop.colour) < 380
    text = (245, 245, 245) if light else (30, 30, 30)
    cv2.putText(
        image, shop.name, (int(width * 0.2), int(0.155 * height)), cv2.FONT_HERSHEY_DUPLEX, 1.1, text, 2, cv2.LINE_AA
    )
    return image


def _goods(image: Image, bottom: int, random: np.random.Generator) -> None:
    x, width = 10, image.shape[1]
    while x < width - 20:
        wide, tall = int(random.integers(8, 26)), int(random.integers(10, 30))
        colour = tuple(int(value) for value in random.integers(50, 190, 3))
        cv2.rectangle(image, (x, bottom - tall), (x + wide, bottom), colour, -1)
        x += wide + int(random.integers(3, 16))
    cv2.rectangle(image, (0, bottom), (width, bottom + 3), (70, 70, 72), -1)


def doorway(random: np.random.Generator) -> Image:
    """Glass doors with daylight behind them."""
    width, height = int(DOOR_M * DENSITY), int(FRONT_M * DENSITY)
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[:] = np.linspace(232, 186, height)[:, None, None] * np.array([1.0, 0.985, 0.96]) - random.uniform(0, 20)
    for pane in range(5):
        cv2.rectangle(image, (pane * width // 4 - 3, 0), (pane * width // 4 + 3, height), (84, 84, 88), -1)
    return image
