"""The human figure: a jointed body of about 170 shaded four-sided faces that walks.

A body stands in a local frame, x ahead, y to its left, z up; lengths are shares of the body height
(Drillis and Contini 1966, rounded). Every function is vectorised over people, the first axis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.wardrobe import Look

Floats = NDArray[np.float64]
STRIDE_M = 1.45
"""Floor covered by one full cycle of both legs, for a body 1.75 m tall."""
_THIGH, _SHIN, _ANKLE = 0.245, 0.245, 0.04
_HIDDEN = 0.1
_LIGHT = np.array([0.30, -0.22, 0.93])


class Part(IntEnum):
    """What a face of the body shows; the value indexes a person's palette."""

    SHIRT = 0
    TROUSERS = 1
    FEET = 2
    SKIN = 3
    HAIR = 4
    SLEEVE = 5
    HEM = 6
    NAPE = 7
    BAG = 8
    HAT = 9


_FACE = [Part.SKIN] * 2 + [Part.HAIR] * 4 + [Part.SKIN] * 2
_HEAD = [Part.SKIN] * 8 + _FACE * 2 + [Part.HAIR] * 16
"""Hair covers the back of the head and its top: one part per face, from the chin up, turning left from the nose."""
SHOWS: Mapping[str, tuple[Part, ...]] = MappingProxyType(
    {
        "shirt": (Part.SHIRT, Part.SLEEVE),
        "trousers": (Part.TROUSERS, Part.HEM),
        "shoes": (Part.FEET,),
        "bag": (Part.BAG,),
        "hat": (Part.HAT, Part.HAIR),
    }
)
"""For each attribute the parts of the body by which it can be told."""
LACKS: Mapping[str, tuple[Part, ...]] = MappingProxyType({"bag": (Part.SHIRT, Part.TROUSERS)})
"""The parts by which it can be told that somebody has none of it, where those are others."""


@dataclass(frozen=True)
class Crowd:
    """People at one moment: `xy_m` (n, 2), `heading` (n,) rad, `phase` (n,) rad of the leg cycle, `stride` (n,) 0-1."""

    looks: Sequence[Look]
    xy_m: Floats
    heading: Floats
    phase: Floats
    stride: Floats


@dataclass(frozen=True)
class Faces:
    """Drawable faces: `corners_m` (n, faces, 4, 3), `rgb` (n, faces, 3) with the light in it, `part` (faces,),
    `normal` (n, faces, 3), pointing outwards.
    """

    corners_m: Floats
    rgb: Floats
    part: NDArray[np.int64]
    normal: Floats


def faces(crowd: Crowd) -> Faces:
    """The faces of every body of the crowd, standing on the floor."""
    tubes = _body(crowd)
    corners = np.concatenate([_skin_of(rings) for _, rings in tubes], axis=1)
    part = np.concatenate([np.repeat(np.array(kinds), _faces_of(rings) // len(kinds)) for kinds, rings in tubes])
    inner = np.concatenate([_axis_of(rings) for _, rings in tubes], axis=1)
    placed = _stand(corners, crowd)
    normal = _outward(placed, _stand(inner, crowd))
    shade = np.clip(0.80 + 0.30 * (normal @ _LIGHT), 0.58, 1.08)
    return Faces(placed, palettes(crowd.looks)[:, part] * shade[:, :, None], part, normal)


def palettes(looks: Sequence[Look]) -> Floats:
    """The colour of every part of every person, (n, parts, 3) sRGB."""
    return np.array([_palette(look) for look in looks], dtype=np.float64).reshape(-1, len(Part), 3)


def _palette(look: Look) -> list[tuple[float, float, float]]:
    sleeve = look.shirt_rgb if look.long_sleeves else look.skin_rgb
    hem = look.trousers_rgb if look.shoes == "yes" else look.skin_rgb
    nape = look.hair_rgb if look.long_hair else look.skin_rgb
    return [
        look.shirt_rgb,
        look.trousers_rgb,
        look.feet_rgb,
        look.skin_rgb,
        look.hair_rgb,
        sleeve,
        hem,
        nape,
        look.bag_rgb,
        look.hat_rgb,
    ]


def _body(crowd: Crowd) -> list[tuple[list[Part], Floats]]:
    """Every tube of the body: its parts (one per segment or one per face) and its rings (n, rings, points, 3)."""
    swing = 0.52 * crowd.stride
    legs = [_leg(crowd.phase + turn, swing) for turn in (0.0, np.pi)]
    pelvis = _ANKLE + np.max([_THIGH * np.cos(thigh) + _SHIN * np.cos(shin) for thigh, shin in legs], axis=0)
    build = np.array([look.build for look in crowd.looks])
    tubes = _trunk(pelvis, build)
    for side, turn, (thigh, shin) in ((1.0, 0.0, legs[0]), (-1.0, np.pi, legs[1])):
        tubes += _leg_tubes(side, pelvis, build, thigh, shin)
        tubes.append(_arm_tube(side, pelvis, build, -0.75 * swing * np.sin(crowd.phase + turn), crowd.stride))
    hand = tubes[-1][1][:, -1].mean(axis=1)
    tubes.append(_bag_tube(hand, pelvis, _size([look.bag for look in crowd.looks])))
    tubes.append(_hat_tube(pelvis, _size([look.hat for look in crowd.looks])))
    return tubes


def _size(worn: Sequence[str]) -> Floats:
    """Of what is worn its size, and of what is not so little that it stays inside the body."""
    return np.where(np.array(worn) == "yes", 1.0, _HIDDEN)


def _bag_tube(hand: Floats, pelvis: Floats, size: Floats) -> tuple[list[Part], Floats]:
    """A shopping bag that hangs from the right hand; of those who carry none a speck inside the hips."""
    rings = [
        (0.0, -0.005, 0.030, 0.004),
        (0.0, -0.035, 0.080, 0.020),
        (0.0, -0.200, 0.084, 0.030),
        (0.0, -0.205, 0.004, 0.004),
    ]
    inside = _at(np.zeros_like(pelvis), 0.0, pelvis + 0.02)
    at = np.where((size == 1.0)[:, None], hand, inside)
    bag = _upright(rings, np.zeros_like(pelvis), None, 8) * size[:, None, None, None]
    return [Part.BAG] * 3, bag + at[:, None, None]


def _hat_tube(pelvis: Floats, size: Floats) -> tuple[list[Part], Floats]:
    """Brim and crown; of those who wear none a speck inside the head."""
    brim = [(-0.002, 0.436, 0.050, 0.040), (-0.002, 0.430, 0.094, 0.082), (-0.002, 0.438, 0.064, 0.053)]
    crown = [(-0.003, 0.478, 0.060, 0.048), (-0.004, 0.486, 0.046, 0.036), (-0.004, 0.487, 0.004, 0.003)]
    middle = _at(np.full_like(pelvis, -0.002), 0.0, pelvis + 0.42)[:, None, None]
    rings = _upright(brim + crown, pelvis, None, 8)
    return [Part.HAT] * 5, middle + (rings - middle) * size[:, None, None, None]


def _leg(phase: Floats, swing: Floats) -> tuple[Floats, Floats]:
    thigh = swing * (np.sin(phase) + 0.15)
    return thigh, thigh - 0.05 - 1.35 * swing * np.maximum(0.0, np.cos(phase))


def _trunk(pelvis: Floats, build: Floats) -> list[tuple[list[Part], Floats]]:
    upright = _upright
    shirt = [(0.0, 0.01, 0.062, 0.090), (0.002, 0.10, 0.055, 0.080), (0.004, 0.20, 0.066, 0.098)]
    shirt += [(0.0, 0.265, 0.056, 0.116), (-0.004, 0.300, 0.030, 0.060), (-0.002, 0.315, 0.025, 0.028)]
    trousers = [(0.0, -0.055, 0.045, 0.072), (0.0, 0.0, 0.056, 0.086), (0.0, 0.05, 0.054, 0.082)]
    neck = [(-0.004, 0.305, 0.026, 0.026), (0.0, 0.36, 0.024, 0.024)]
    head = [(0.010, 0.338, 0.028, 0.022), (0.008, 0.365, 0.047, 0.038), (0.004, 0.40, 0.056, 0.044)]
    head += [(-0.002, 0.435, 0.058, 0.047), (-0.004, 0.460, 0.043, 0.035), (-0.004, 0.472, 0.010, 0.008)]
    locks = [(-0.036, 0.285, 0.012, 0.030), (-0.034, 0.34, 0.024, 0.042), (-0.026, 0.41, 0.036, 0.046)]
    return [
        ([Part.TROUSERS] * 2, upright(trousers, pelvis, build, 8)),
        ([Part.SHIRT] * 5, upright(shirt, pelvis, build, 8)),
        ([Part.SKIN], upright(neck, pelvis, None, 6)),
        (_HEAD, upright(head, pelvis, None, 8)),
        ([Part.NAPE] * 2, upright(locks, pelvis, None, 6)),
    ]


def _upright(
    rings: Sequence[tuple[float, float, float, float]], pelvis: Floats, build: Floats | None, points: int
) -> Floats:
    """Level elliptic rings from (x, height over the pelvis, radius ahead, radius sideways)."""
    table = np.array(rings)
    people = len(pelvis)
    centres = np.zeros((people, len(table), 3))
    centres[:, :, 0] = table[:, 0]
    centres[:, :, 2] = pelvis[:, None] + table[:, 1]
    radii = np.broadcast_to(table[:, 2:], (people, len(table), 2)) * (1.0 if build is None else build[:, None, None])
    return _rings(centres, radii, np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), points)


def _leg_tubes(
    side: float, pelvis: Floats, build: Floats, thigh: Floats, shin: Floats
) -> list[tuple[list[Part], Floats]]:
    hip = _at(np.zeros_like(pelvis), side * 0.046, pelvis)
    knee = hip + _along(thigh, _THIGH)
    calf, ankle = knee + _along(shin, 0.80 * _SHIN), knee + _along(shin, _SHIN)
    leg = np.stack([hip + np.array([0, 0, 0.01]), knee, calf, ankle], axis=1)
    radii = np.array([0.054, 0.037, 0.030, 0.027])[None, :, None] * build[:, None, None] * np.ones(2)
    kinds = [Part.TROUSERS, Part.TROUSERS, Part.HEM]
    return [(kinds, _rings(leg, radii, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), 6)), _foot_tube(ankle, shin)]


def _foot_tube(ankle: Floats, shin: Floats) -> tuple[list[Part], Floats]:
    lifted = np.maximum(0.0, ankle[:, 2] - _ANKLE)
    pitch = 0.5 * shin * np.minimum(1.0, lifted / 0.03)
    ahead = np.stack([np.cos(pitch), np.zeros_like(pitch), np.sin(pitch)], axis=1)
    table = np.array([(-0.042, 0.012), (-0.030, 0.026), (0.02, 0.029), (0.085, 0.029), (0.108, 0.014)])
    centres = ankle[:, None] + table[None, :, :1] * ahead[:, None] - np.array([0, 0, 0.018])
    centres[:, :, 2] = np.maximum(centres[:, :, 2], 0.020)
    radii = np.stack([0.75 * table[:, 1], table[:, 1]], axis=1)
    rings = _rings(
        centres, np.broadcast_to(radii, (len(ankle), 5, 2)), np.array([0, 0, 1.0]), np.array([0, -1.0, 0]), 6
    )
    return [Part.FEET] * 4, rings


def _arm_tube(side: float, pelvis: Floats, build: Floats, swing: Floats, stride: Floats) -> tuple[list[Part], Floats]:
    shoulder = _at(np.zeros_like(pelvis), 0.0, pelvis + 0.268)
    shoulder[:, 1] = side * 0.108 * build
    bend = swing + 0.15 + 0.25 * stride
    aside = np.array([0.0, side * 0.022, 0.0])
    elbow = shoulder + _along(swing, 0.165) + aside
    wrist = elbow + _along(bend, 0.145)
    tip = wrist + _along(bend, 0.065)
    arm = np.stack([shoulder, shoulder + 0.45 * (elbow - shoulder), elbow, wrist, tip], axis=1)
    radii = np.array([0.036, 0.033, 0.028, 0.019, 0.013])[None, :, None] * build[:, None, None] * np.ones(2)
    kinds = [Part.SHIRT, Part.SHIRT, Part.SLEEVE, Part.SKIN]
    return kinds, _rings(arm, radii, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), 6)


def _at(ahead: Floats, left: float, up: Floats) -> Floats:
    return np.stack([ahead, np.full_like(ahead, left), up], axis=1)


def _along(angle: Floats, length: float) -> Floats:
    return length * np.stack([np.sin(angle), np.zeros_like(angle), -np.cos(angle)], axis=1)


def _rings(centres: Floats, radii: Floats, first: Floats, second: Floats, points: int) -> Floats:
    """Ellipses around centres (n, k, 3) with radii (n, k, 2) along two axes: (n, k, points, 3)."""
    turn = np.arange(points) * 2 * np.pi / points
    offsets = (
        radii[:, :, None, :1] * np.cos(turn)[:, None] * first + radii[:, :, None, 1:] * np.sin(turn)[:, None] * second
    )
    return np.asarray(centres[:, :, None] + offsets)


def _skin_of(rings: Floats) -> Floats:
    """The faces between neighbouring rings, (n, (k - 1) points, 4, 3)."""
    beside = np.roll(rings, -1, axis=2)
    quads = np.stack([rings[:, :-1], beside[:, :-1], beside[:, 1:], rings[:, 1:]], axis=3)
    return quads.reshape(len(rings), -1, 4, 3)


def _faces_of(rings: Floats) -> int:
    return int((rings.shape[1] - 1) * rings.shape[2])


def _axis_of(rings: Floats) -> Floats:
    """The middle of the tube beside each of its faces, (n, faces, 1, 3)."""
    middles = rings.mean(axis=2)
    return np.repeat((middles[:, 1:] + middles[:, :-1]) / 2, rings.shape[2], axis=1)[:, :, None]


def _outward(quads: Floats, inner: Floats) -> Floats:
    normal = np.cross(quads[:, :, 2] - quads[:, :, 0], quads[:, :, 3] - quads[:, :, 1])
    length = np.sqrt(np.einsum("pfc,pfc->pf", normal, normal))
    away = (quads[:, :, 0] + quads[:, :, 2]) / 2 - inner[:, :, 0]
    sign = np.where(np.einsum("pfc,pfc->pf", normal, away) < 0, -1.0, 1.0)
    return np.asarray(normal * (sign / np.maximum(length, 1e-9))[:, :, None])


def _stand(corners: Floats, crowd: Crowd) -> Floats:
    """Body shares as hall metres: scaled by the body height, turned by the heading, put on the floor."""
    heights = np.array([look.height_m for look in crowd.looks])
    cos, sin = np.cos(crowd.heading)[:, None, None], np.sin(crowd.heading)[:, None, None]
    scaled = corners * heights[:, None, None, None]
    x, y = scaled[..., 0], scaled[..., 1]
    at = crowd.xy_m[:, None, None]
    return np.stack([at[..., 0] + cos * x - sin * y, at[..., 1] + sin * x + cos * y, scaled[..., 2]], axis=3)
