"""The social-force model of walking people (Helbing and Molnár 1995, Physical Review E 51, 4282), and firm bodies.

Forces are accelerations in m/s². The paper's potentials let people brush and, in a crowd, overlap; `settle` makes
bodies, walls and things firm. Everything is vectorised over people.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RELAXATION_S = 0.5
BODY_M = 0.24
"""Radius of a body: no two people are nearer than twice this, nobody nearer to a wall than this."""
_PEOPLE, _PEOPLE_RANGE_M = 2.1, 0.3
_WALL, _WALL_RANGE_M = 10.0, 0.2
_THING = 2.0
_UNSEEN = 0.5
_HALF_SIGHT_COS = np.cos(np.radians(100))
_DETOUR_M = 0.45
_SPLIT = 1e-9


def towards(xy: Floats, velocity: Floats, goals: Floats, speeds: Floats, circles: Floats) -> Floats:
    """The pull to a goal at a wished speed (equation 2), round the things in between, slowing over the last 0.5 m."""
    way = goals - xy
    distance = np.linalg.norm(way, axis=1, keepdims=True)
    ahead = _round(xy, way / np.maximum(distance, _SPLIT), distance[:, 0], circles)
    wished = ahead * speeds[:, None] * np.minimum(1.0, distance / 0.5)
    return np.asarray((wished - velocity) / RELAXATION_S)


def _round(xy: Floats, ahead: Floats, distance: Floats, circles: Floats) -> Floats:
    """The direction to walk: straight on, or to the side of the nearest circle in the way."""
    if not len(circles):
        return ahead
    rel = circles[None, :, :2] - xy[:, None]
    along = (rel * ahead[:, None]).sum(axis=2)
    aside = ahead[:, None, 0] * rel[:, :, 1] - ahead[:, None, 1] * rel[:, :, 0]
    reach = circles[None, :, 2] + _DETOUR_M
    blocks = (along > 0) & (along < np.minimum(distance, 4.0)[:, None]) & (np.abs(aside) < reach)
    nearest = np.where(blocks, along, np.inf).argmin(axis=1)
    row = np.arange(len(xy))
    left = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    side = np.where(aside[row, nearest] > 0, -1.0, 1.0)
    passing = rel[row, nearest] + left * (side * reach[0, nearest])[:, None]
    passing /= np.maximum(np.linalg.norm(passing, axis=1, keepdims=True), _SPLIT)
    return np.where(blocks[row, nearest][:, None], passing, ahead)


def from_people(xy: Floats, ahead: Floats) -> Floats:
    """The repulsion of all others (equations 3 and 8): weaker from those outside the 200 degrees that one sees."""
    away = xy[:, None] - xy[None]
    distance = np.hypot(away[..., 0], away[..., 1])
    np.fill_diagonal(distance, np.inf)
    unit = away / np.maximum(distance, 1e-6)[:, :, None]
    seen = -(unit * ahead[:, None]).sum(axis=2) >= _HALF_SIGHT_COS
    strength = _PEOPLE / _PEOPLE_RANGE_M * np.exp(-distance / _PEOPLE_RANGE_M) * np.where(seen, 1.0, _UNSEEN)
    # A slight turn to the right lets two who meet head-on pass.
    turned = unit + 0.25 * np.stack([unit[:, :, 1], -unit[:, :, 0]], axis=2)
    return np.asarray((strength[:, :, None] * turned).sum(axis=1))


def from_walls(xy: Floats, walls: Floats, circles: Floats) -> Floats:
    """The repulsion of walls and things (equation 5) by the distance to their nearest point."""
    away = xy[:, None] - _nearest(xy, walls)
    distance = np.hypot(away[..., :1], away[..., 1:])
    force = (_WALL / _WALL_RANGE_M * np.exp(-distance / _WALL_RANGE_M) * away / np.maximum(distance, 1e-6)).sum(axis=1)
    off = xy[:, None] - circles[None, :, :2]
    gap = np.hypot(off[..., :1], off[..., 1:])
    strength = _THING / _WALL_RANGE_M * np.exp(-(gap - circles[None, :, 2:]) / _WALL_RANGE_M)
    return np.asarray(force + (strength * off / np.maximum(gap, 1e-6)).sum(axis=1))


def settle(xy: Floats, walls: Floats, circles: Floats, *, rounds: int = 5) -> Floats:
    """The same positions with overlaps undone: bodies pushed out of each other, of things and of walls."""
    for _ in range(rounds):
        shift = 0.5 * _overlap(xy[:, None] - xy[None], np.float64(2 * BODY_M))
        shift += _overlap(xy[:, None] - circles[None, :, :2], circles[:, 2] + BODY_M)
        shift += _overlap(xy[:, None] - _nearest(xy, walls), np.float64(BODY_M))
        if not shift.any():
            break
        xy = xy + shift
    return xy


def _overlap(away: Floats, room: Floats | np.float64) -> Floats:
    """How far each person, (n, 2) m, must give way to all that is nearer than `room`; `away` (n, k, 2) m."""
    distance = np.hypot(away[:, :, 0], away[:, :, 1])
    if (distance >= room).sum() + (distance <= _SPLIT).sum() == distance.size:
        return np.zeros((len(away), 2))
    short = np.where(distance > _SPLIT, np.maximum(0.0, room - distance), 0.0)
    return np.asarray(((short / np.maximum(distance, _SPLIT))[:, :, None] * away).sum(axis=1))


def _nearest(xy: Floats, walls: Floats) -> Floats:
    """The point of each wall nearest to each person, (n, k, 2) m."""
    start, along = walls[None, :, 0], (walls[:, 1] - walls[:, 0])[None]
    off = xy[:, None] - start
    share = (off[..., 0] * along[..., 0] + off[..., 1] * along[..., 1]) / (along[..., 0] ** 2 + along[..., 1] ** 2)
    return np.asarray(start + np.clip(share, 0, 1)[:, :, None] * along)
