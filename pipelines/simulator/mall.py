"""Video of a whole mall: floors of corridors and shops whose cameras mostly do not overlap, and people who go from one to another.

People and cameras are those of `detections.visitors`; here they are filmed. What a camera looks at is drawn as a room of its own, the
piece of a corridor or the shop that walls leave it to see: people come out of its walls as through doors.
"""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.world.errors import BadInput
from models.world.periods import Window
from models.world.places import Floor, Section, Site
from pipelines import site_file
from pipelines.simulator.detections.building import FEWEST_CAMERAS
from pipelines.simulator.detections.scene import Box, Scene, Watch
from pipelines.simulator.detections.visitors import mall
from pipelines.simulator.figure import STRIDE_M
from pipelines.simulator.footage import Filming, Shooting
from pipelines.simulator.output import TIME_ZONE, Progress, check_minutes, empty_folder, quiet
from pipelines.simulator.plan import Door, Plan, Shop, front_colour, shop_name
from pipelines.simulator.recording import Simulated, begin_of, film_all, write_attributes, write_paths
from pipelines.simulator.sensor import any_sensor
from pipelines.simulator.textures import decorate
from pipelines.simulator.walkers import Walks
from pipelines.simulator.wardrobe import Look, dress

Floats = NDArray[np.float64]
FILMING = Filming(rate_hz=2.0, keyframe_s=0.5)
"""Where only who is who is measured, nothing is decoded that is not looked at: two pictures a second, each a keyframe."""
_PACE_M_S, _STANDS_M_S = 1.35, 0.25
_FRONT_M = 5.0
_BEHIND_LENS_M = 0.5
_WALKED = 0.1
"""The share of the work that is done when everybody's ways are known."""


def simulate_mall(
    out_dir: Path | str,
    *,
    cameras: int = 24,
    people: int = 200,
    minutes: float = 20.0,
    seed: int = 0,
    start: datetime | None = None,
    progress: Progress | None = None,
) -> Simulated:
    """Write `site.yaml`, `video/CAMERA.mp4` and `truth/` as `recording.simulate` does, of a mall of several floors.

    The same arguments give the same files. Each camera has an exposure and white balance of its own. Raises BadInput for numbers
    out of range and for a folder that holds something or cannot be written.
    """
    _check(cameras, people, minutes)
    report = progress or quiet
    folder = empty_folder(Path(out_dir), ("video", "truth"))
    frames, begin = max(1, round(minutes * 60 * FILMING.rate_hz)), begin_of(start)
    random = np.random.default_rng(seed)
    looks = [dress(random) for _ in range(people)]
    scene = mall(cameras, people, frames, FILMING.rate_hz, random, lambda share: report(share * _WALKED))
    walks = _walks(scene, np.array([look.height_m for look in looks]))
    shootings = _shootings(folder, scene, looks, walks, random)
    site = _site(scene)
    site_file.write(site, folder / "site.yaml")
    write_paths(folder / "truth/paths.csv", walks, scene.crowd.floor.T, begin, FILMING.rate_hz)
    write_attributes(folder / "truth/attributes.csv", looks)
    film_all(shootings, frames, lambda share: report(_WALKED + share * (1 - _WALKED)))
    window = Window(begin, begin + timedelta(seconds=frames / FILMING.rate_hz))
    return Simulated(
        folder, site, window, {shooting.camera_id: shooting.video for shooting in shootings}, frames, people
    )


def _check(cameras: int, people: int, minutes: float) -> None:
    if cameras < FEWEST_CAMERAS:
        raise BadInput(f"the layout mall needs at least {FEWEST_CAMERAS} cameras; got {cameras}")
    if people < 1:
        raise BadInput(f"a mall needs at least 1 visitor; got {people}")
    check_minutes(minutes)


def _walks(scene: Scene, heights_m: Floats) -> Walks:
    """Everybody, frame by frame; who does not get on stands as last seen walking."""
    xy_m = scene.crowd.xy_m.transpose(1, 0, 2).astype(np.float64)
    moved_m = np.nan_to_num(np.diff(xy_m, axis=0, append=xy_m[-1:]))
    pace_m_s = np.linalg.norm(moved_m, axis=2) * FILMING.rate_hz
    walking = pace_m_s > _STANDS_M_S
    last = np.maximum.accumulate(np.where(walking, np.arange(len(walking))[:, None], 0), axis=0)
    heading = np.take_along_axis(np.arctan2(moved_m[..., 1], moved_m[..., 0]), last, axis=0)
    stride_m = STRIDE_M * heights_m / 1.75
    phase = np.cumsum(2 * np.pi * pace_m_s / FILMING.rate_hz / stride_m, axis=0) % (2 * np.pi)
    return Walks(xy_m, heading, phase, np.where(walking, np.minimum(1.0, pace_m_s / _PACE_M_S), 0.0))


def _shootings(
    folder: Path, scene: Scene, looks: Sequence[Look], walks: Walks, random: np.random.Generator
) -> list[Shooting]:
    floors = scene.crowd.floor.T
    shootings = []
    for watch in scene.watches:
        x0, y0, x1, y1 = room = _room(watch)
        with np.errstate(invalid="ignore"):
            here = (walks.xy_m >= [x0, y0]).all(axis=2) & (walks.xy_m <= [x1, y1]).all(axis=2)
        xy_m = np.where((here & (floors == watch.floor))[:, :, None], walks.xy_m, np.nan)
        mine = Walks(xy_m, walks.heading, walks.phase, walks.stride)
        plan, decor = _plan(room, scene.floors[watch.floor], random), decorate(random)
        files = (folder / f"video/{watch.id}.mp4", folder / f"truth/{watch.id}.txt")
        shootings.append(
            Shooting(watch.id, watch.view, any_sensor(random), plan, decor, looks, mine, *files, filming=FILMING)
        )
    return shootings


def _room(watch: Watch) -> Box:
    """What a camera sees of its floor, and the floor below itself."""
    x0, y0, x1, y1 = watch.area
    x, y = watch.view.x_m, watch.view.y_m
    return (
        min(x0, x - _BEHIND_LENS_M),
        min(y0, y - _BEHIND_LENS_M),
        max(x1, x + _BEHIND_LENS_M),
        max(y1, y + _BEHIND_LENS_M),
    )


def _plan(room: Box, floor: Floor, random: np.random.Generator) -> Plan:
    """The room between its four walls, shop fronts along all of them."""
    x0, y0, x1, y1 = room
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    walls = np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)
    shops = []
    for right, left in walls:
        pieces = max(1, round(float(np.linalg.norm(right - left)) / _FRONT_M))
        ends = np.linspace(left, right, pieces + 1)
        for start, end in itertools.pairwise(ends):
            name, colour = shop_name(int(random.integers(100))), front_colour(random)
            shops.append(Shop(name, (float(start[0]), float(start[1])), (float(end[0]), float(end[1])), colour))
    outline = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    nowhere: tuple[Door, ...] = ()
    own = Floor(floor.id, floor.name, outline)
    return Plan(own, (), room, nowhere, tuple(shops), (), walls, np.zeros((0, 2)))


def _site(scene: Scene) -> Site:
    cameras = tuple(watch.camera(FILMING.rate_hz) for watch in scene.watches)
    return Site("southgate", TIME_ZONE, scene.floors, tuple(_sections(scene)), cameras)


def _sections(scene: Scene) -> list[Section]:
    """What each camera sees, by its number; the last one's is the food court."""
    sections = []
    for number, watch in enumerate(scene.watches, start=1):
        x0, y0, x1, y1 = watch.area
        last = number == len(scene.watches)
        key, name = ("food-court", "Food court") if last else (f"part-{number}", f"Part {number}")
        sections.append(Section(key, name, watch.floor, ((x0, y0), (x1, y0), (x1, y1), (x0, y1))))
    return sections
