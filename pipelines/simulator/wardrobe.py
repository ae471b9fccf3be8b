"""What people of the simulated mall look like: clothes of named colours, shoes or bare feet, hair, size.

Skin, hair and size only vary the pictures; they are not attributes and leave no trace in the truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.world.attributes import COLOURS, DEFINED

Floats = NDArray[np.float64]
Rgb = tuple[float, float, float]
NAMED: Mapping[str, Rgb] = MappingProxyType(
    {
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
)
"""The middle of each named colour, sRGB 0-255; cloth varies around it by `_VARIATION`."""
_VARIATION = 0.07
_POPULARITY = {"black": 2.0, "white": 1.6, "grey": 1.4, "blue": 2.2, "red": 1.3}
_BAGS, _HATS = 0.4, 0.35
"""The shares of people who carry a bag and who wear a hat."""
_SKIN = ((241, 205, 178), (228, 185, 150), (205, 155, 118), (172, 120, 84), (132, 88, 60), (104, 68, 48))
_HAIR = ((28, 22, 20), (58, 38, 26), (96, 62, 36), (170, 130, 76), (150, 148, 146), (122, 54, 28))
_SHOES = ((244, 244, 244), (22, 22, 26), (214, 22, 44), (26, 72, 210), (30, 190, 90), (250, 250, 60), (140, 30, 170))


@dataclass(frozen=True)
class Look:
    """One person's appearance; colours are sRGB 0-255, lengths metres.

    There is one field for each key of `models.world.attributes.DEFINED`, with its value; the rest is how they are drawn.
    """

    shirt: str
    trousers: str
    shoes: str
    bag: str
    hat: str
    shirt_rgb: Rgb
    trousers_rgb: Rgb
    feet_rgb: Rgb
    bag_rgb: Rgb
    hat_rgb: Rgb
    skin_rgb: Rgb
    hair_rgb: Rgb
    height_m: float
    build: float
    long_sleeves: bool
    long_hair: bool

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes that the truth knows, in the order of `DEFINED`."""
        return {key: getattr(self, key) for key in DEFINED}


def dress(random: np.random.Generator) -> Look:
    """A person with clothes drawn at random; black, white, grey, blue and red a little more often than the rest."""
    weights = np.array([_POPULARITY.get(name, 1.0) for name in COLOURS])
    shirt, trousers = (str(random.choice(COLOURS, p=weights / weights.sum())) for _ in range(2))
    skin = _vary(_SKIN[random.integers(len(_SKIN))], 0.04, random)
    shod = bool(random.random() < 0.65)
    (extras,) = random.spawn(
        1
    )  # What was added later draws from its own, so that all else of a seed's people stays as it was.
    bag_colour, hat_colour = (str(colour) for colour in extras.choice(COLOURS, 2))
    return Look(
        shirt=shirt,
        trousers=trousers,
        shoes="yes" if shod else "no",
        bag="yes" if extras.random() < _BAGS else "no",
        hat="yes" if extras.random() < _HATS else "no",
        shirt_rgb=_vary(NAMED[shirt], _VARIATION, random),
        trousers_rgb=_vary(NAMED[trousers], _VARIATION, random),
        feet_rgb=_vary(_SHOES[random.integers(len(_SHOES))], 0.04, random) if shod else skin,
        bag_rgb=_vary(NAMED[bag_colour], _VARIATION, extras),
        hat_rgb=_vary(NAMED[hat_colour], _VARIATION, extras),
        skin_rgb=skin,
        hair_rgb=_vary(_HAIR[random.integers(len(_HAIR))], 0.12, random),
        height_m=float(np.clip(random.normal(1.72, 0.09), 1.5, 1.95)),
        build=float(random.uniform(0.92, 1.18)),
        long_sleeves=bool(random.random() < 0.5),
        long_hair=bool(random.random() < 0.4),
    )


def _vary(rgb: Rgb, share: float, random: np.random.Generator) -> Rgb:
    # One common factor (lighter, darker) and a smaller one per channel (hue), as cloth of one name differs.
    factors = random.normal(1.0, share, 1) * random.normal(1.0, share / 3, 3)
    red, green, blue = np.clip(np.array(rgb) * np.clip(factors, 1 - 2 * share, 1 + 2 * share), 4, 252)
    return float(red), float(green), float(blue)
