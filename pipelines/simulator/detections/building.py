"""A large mall: floors of the same grid of corridors as a graph, with shops, lifts, entrances, and cameras far apart."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from models.world.places import Floor
from pipelines.simulator.detections.corridors import Grid, Shop, lines
from pipelines.simulator.detections.hanging import APART_M, hang
from pipelines.simulator.detections.scene import Floats, Ints, Watch

FEWEST_CAMERAS = 10
_CAMERAS_PER_FLOOR, _MOST_FLOORS = 12, 5
_LIFT_M = 35.0
"""A lift seems this long to those who choose a way."""


@dataclass(frozen=True)
class Building:
    """Corridors as a graph.

    `nodes` (n, 3) are x, y (m) and floor of crossings, places before shops, and entrances; `way_m` (n, n) is how far it
    is between two, and `before` (n, n) the last node before the second on the shortest way.
    """

    floors: tuple[Floor, ...]
    nodes: Floats
    way_m: Floats
    before: Ints
    entrances: Ints
    shops: tuple[Shop, ...]
    watches: tuple[Watch, ...]

    def way(self, start: int, end: int) -> list[int]:
        """The nodes of the shortest way, with both ends."""
        nodes = [end]
        while nodes[-1] != start:
            nodes.append(int(self.before[start, nodes[-1]]))
        return nodes[::-1]


def build(cameras: int, random: np.random.Generator) -> Building:
    """As large a mall as so many cameras, at least `FEWEST_CAMERAS`, watch with blind gaps of some 3 to 30 m.

    Ends and crossings of corridors take fewer of them than a straight line would; those left over hang in shops.
    """
    storeys = min(_MOST_FLOORS, max(1, cameras // _CAMERAS_PER_FLOOR))
    xs, ys = lines(cameras / storeys * APART_M, random)
    grid = Grid(xs, ys, storeys)
    way_m, before = _ways(grid)
    watches = hang(cameras, grid, random)
    return Building(grid.floors, grid.nodes, way_m, before, grid.entrances, grid.shops, watches)


def _ways(grid: Grid) -> tuple[Floats, Ints]:
    """Lengths and last nodes of all shortest ways."""
    corridors, lifts, count = grid.corridors, grid.lifts, len(grid.nodes)
    length_m = np.linalg.norm(np.diff(grid.nodes[corridors, :2], axis=1)[:, 0], axis=1)
    start, end = np.concatenate([corridors, lifts]).T
    links = coo_array((np.concatenate([length_m, np.full(len(lifts), _LIFT_M)]), (start, end)), shape=(count, count))
    way_m, before = dijkstra(links.tocsr(), directed=False, return_predecessors=True)
    return way_m, before
