"""The mall: floors, sections, the grid, cameras and how their pictures map to the floor.

Floor coordinates are metres, x to the right and y up. Pictures are pixels, x to the right and y down. A
camera's homography maps the foot point of a person (bottom centre of the box) to the floor.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from models.world.errors import BadSite, UnknownCamera, UnknownSection
from models.world.lenses import Lens
from models.world.periods import Window

Floats = NDArray[np.float64]
Point = tuple[float, float]
CELL_M = 2.0
"""The side of a grid cell in metres."""
MAX_RESIDUAL_M = 0.5
"""A calibration whose points miss their floor positions by more, in the mean, is refused."""
_TOLERANCE = 1e-5
"""What is so much smaller than its like counts as nothing when it is asked whether a mapping is singular."""
_GRID_ORIGIN = 2048


@dataclass(frozen=True)
class Calibration:
    """A camera's homography, foot point px to floor m: `homography` is (3, 3), scaled so that [2, 2] is 1.

    With a `lens` it holds for straightened pictures; all pixels that go in and out are those of the picture as it is.
    """

    homography: tuple[tuple[float, float, float], ...]
    points_px: tuple[Point, ...] = ()
    points_m: tuple[Point, ...] = ()
    lens: Lens | None = None

    @property
    def matrix(self) -> Floats:
        """The homography as a (3, 3) array."""
        return np.array(self.homography, dtype=np.float64)

    def to_floor(self, feet_px: Floats) -> Floats:
        """Feet, (n, 2) px, as floor positions, (n, 2) m; nan for feet on or above the horizon."""
        mapped = _homogeneous(self.straightened(feet_px)) @ self.matrix.T
        depth = mapped[:, 2:] * self._depth_sign()
        return np.where(depth > 1e-9, mapped[:, :2] / np.where(mapped[:, 2:] == 0, 1.0, mapped[:, 2:]), np.nan)

    def to_picture(self, floor_m: Floats) -> Floats:
        """Floor positions, (n, 2) m, as picture points, (n, 2) px; nan for positions behind the camera."""
        mapped = _homogeneous(floor_m) @ np.linalg.inv(self.matrix).T
        depth = mapped[:, 2:] * self._depth_sign()
        straight = np.where(depth > 1e-12, mapped[:, :2] / np.where(mapped[:, 2:] == 0, 1.0, mapped[:, 2:]), np.nan)
        return straight if self.lens is None else self.lens.bend(straight)

    def straightened(self, points_px: Floats) -> Floats:
        """Points of the picture, (n, 2) px, as they would be without distortion."""
        points = np.asarray(points_px, dtype=np.float64).reshape(-1, 2)
        return points if self.lens is None else self.lens.straighten(points)

    def jacobian(self, feet_px: Floats) -> Floats:
        """d(floor m)/d(picture px) at each foot point: (n, 2) px -> (n, 2, 2) m/px."""
        matrix = self.matrix
        mapped = _homogeneous(self.straightened(feet_px)) @ matrix.T
        numerator, depth = mapped[:, :2, None], mapped[:, 2, None, None]
        of_straight = np.asarray((matrix[None, :2, :2] * depth - numerator * matrix[None, 2:3, :2]) / depth**2)
        return of_straight if self.lens is None else np.asarray(of_straight @ self.lens.jacobian(feet_px))

    def residuals_m(self) -> Floats:
        """How far each calibration point lies from its floor position, (n,) m; empty without points."""
        if not self.points_px:
            return np.zeros(0)
        return np.asarray(np.linalg.norm(self.to_floor(np.array(self.points_px)) - np.array(self.points_m), axis=1))

    def _depth_sign(self) -> float:
        # Feet lie low in the picture: the side of the horizon that holds the calibration points, or the bottom, is the floor.
        if self.points_px:
            depth = _homogeneous(self.straightened(np.array(self.points_px))) @ self.matrix[2]
            return float(np.sign(np.median(depth))) or 1.0
        return float(np.sign(self.matrix[2, 1] * 1e4 + self.matrix[2, 2])) or 1.0


def calibrate(points_px: list[Point], points_m: list[Point], lens: Lens | None = None) -> Calibration:
    """The homography through point pairs by the normalised direct linear transform (Hartley and Zisserman, section 4.4).

    Raises BadSite for fewer than 4 pairs, for points that lie on a line, and for a mean residual over `MAX_RESIDUAL_M`.
    """
    calibration = fit(points_px, points_m, lens)
    residual = float(np.mean(calibration.residuals_m()))
    if not residual <= MAX_RESIDUAL_M:
        raise BadSite(
            f"the calibration misses its points by {residual:.2f} m in the mean; at most {MAX_RESIDUAL_M} m is accepted: "
            f"check the pairs (residuals in m: {', '.join(f'{r:.2f}' for r in calibration.residuals_m())})"
        )
    return calibration


def fit(points_px: list[Point], points_m: list[Point], lens: Lens | None = None) -> Calibration:
    """As `calibrate`, however large the residuals are. Raises BadSite for fewer than 4 pairs and for points that lie on a line."""
    if len(points_px) != len(points_m) or len(points_px) < 4:
        raise BadSite(
            f"a calibration needs at least 4 pairs of points; got {len(points_px)} points_px and {len(points_m)} points_m"
        )
    picture, floor = np.array(points_px, dtype=np.float64), np.array(points_m, dtype=np.float64)
    for name, points in (("points_px", picture), ("points_m", floor)):
        _refuse_collinear(name, points)
    straight = picture if lens is None else lens.straighten(picture)
    matrix = _direct_linear_transform(straight, floor)
    return Calibration(_rows(matrix), tuple(points_px), tuple(points_m), lens)


def with_homography(matrix: Floats, lens: Lens | None = None) -> Calibration:
    """A calibration from a ready homography, (3, 3). Raises BadSite if it cannot be inverted."""
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or matrix[2, 2] == 0 or _is_singular(matrix):
        raise BadSite("a homography is three rows of three numbers, invertible, with a last number that is not 0")
    return Calibration(_rows(matrix / matrix[2, 2]), lens=lens)


def _is_singular(matrix: Floats) -> bool:
    """Whether some of the directions are lost, whatever the units of picture and floor: rows and columns are brought to one size first."""
    scaled = matrix / np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    scaled = scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-300)
    return bool(np.linalg.cond(scaled) > 1e9)


def _direct_linear_transform(picture: Floats, floor: Floats) -> Floats:
    to_unit_px, to_unit_m = _normaliser(picture), _normaliser(floor)
    p, q = _homogeneous(picture) @ to_unit_px.T, _homogeneous(floor) @ to_unit_m.T
    zero = np.zeros_like(p)
    rows = np.vstack([np.hstack([p, zero, -q[:, :1] * p]), np.hstack([zero, p, -q[:, 1:2] * p])])
    strengths, directions = np.linalg.svd(rows)[1:]
    solution = directions[-1].reshape(3, 3)
    if strengths[7] < _TOLERANCE * strengths[0] or np.linalg.cond(solution) > 1 / _TOLERANCE:
        raise BadSite(
            "the homography through the pairs is singular: two pairs are the same, or three of four points lie on one line; give "
            "four or more that are spread over the floor"
        )
    matrix = np.linalg.inv(to_unit_m) @ solution @ to_unit_px
    return np.asarray(matrix / matrix[2, 2])


def _normaliser(points: Floats) -> Floats:
    centre = points.mean(axis=0)
    scale = np.sqrt(2) / np.linalg.norm(points - centre, axis=1).mean()
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])


def _refuse_collinear(name: str, points: Floats) -> None:
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    if spread[1] < 1e-3 * max(spread[0], 1e-12):
        raise BadSite(f"the {name} of the calibration lie on one line; spread them over the floor")


def _homogeneous(points: Floats) -> Floats:
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    return np.hstack([points, np.ones((len(points), 1))])


def _rows(matrix: Floats) -> tuple[tuple[float, float, float], ...]:
    return tuple((float(a), float(b), float(c)) for a, b, c in matrix)


@dataclass(frozen=True)
class Floor:
    """One storey; `outline` is its polygon in metres."""

    id: int
    name: str
    outline: tuple[Point, ...]


@dataclass(frozen=True)
class Section:
    """A named area of a floor, such as the food court."""

    id: str
    name: str
    floor: int
    polygon: tuple[Point, ...]


@dataclass(frozen=True)
class Camera:
    """A fixed camera that looks at one floor. Without a calibration its people are counted in the picture only."""

    id: str
    floor: int
    width_px: int
    height_px: int
    frame_rate_hz: float
    keyframe_interval_s: float
    calibration: Calibration | None


@dataclass(frozen=True)
class Georeference:
    """Where the plan's origin lies on Earth (WGS 84 degrees) and how far the plan is turned, counter-clockwise."""

    lon: float
    lat: float
    rotation_deg: float = 0.0

    def to_lonlat(self, floor_m: Floats) -> Floats:
        """Floor positions, (n, 2) m, as (n, 2) degrees lon, lat, on the sphere's tangent plane (good to cm over a mall)."""
        turn = np.radians(self.rotation_deg)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        east_north = np.asarray(floor_m, dtype=np.float64).reshape(-1, 2) @ rotation.T
        metres_per_degree = np.radians(1) * 6_371_008.8
        scale = np.array([metres_per_degree * np.cos(np.radians(self.lat)), metres_per_degree])
        return np.asarray(np.array([self.lon, self.lat]) + east_north / scale)


@dataclass(frozen=True)
class Site:
    """A whole mall."""

    name: str
    time_zone: ZoneInfo
    floors: tuple[Floor, ...]
    sections: tuple[Section, ...]
    cameras: tuple[Camera, ...]
    georeference: Georeference | None = None
    opening_hours: Mapping[str, str] = field(default_factory=dict)

    def camera(self, camera_id: str) -> Camera:
        """The camera with this id. Raises UnknownCamera."""
        for camera in self.cameras:
            if camera.id == camera_id:
                return camera
        raise UnknownCamera(
            f"there is no camera {camera_id!r}; known: {', '.join(c.id for c in self.cameras) or 'none'}"
        )

    def section(self, section_id: str) -> Section:
        """The section with this id. Raises UnknownSection."""
        for section in self.sections:
            if section.id == section_id:
                return section
        raise UnknownSection(
            f"there is no section {section_id!r}; known: {', '.join(s.id for s in self.sections) or 'none'}"
        )


@dataclass(frozen=True)
class Segment:
    """One recorded file of one camera over `window`, as it lies in the object store under `key`."""

    segment_id: uuid.UUID
    camera_id: str
    window: Window
    sha256: str
    key: str
    bytes: int
    width_px: int
    height_px: int
    frames: int
    keyframe_interval_s: float


def grid_ids(floor: int, floor_m: Floats) -> NDArray[np.int64]:
    """The grid cell of each floor position, (n, 2) m -> (n,): floor, row and column packed into one integer.

    Cells are `CELL_M` squares from the plan's origin, rows along y, columns along x; floors -128..127, 4 km each way.
    Raises ValueError beyond, where numbers would be those of other cells.
    """
    places = np.floor(np.asarray(floor_m, dtype=np.float64).reshape(-1, 2) / CELL_M) + _GRID_ORIGIN
    if not (-128 <= floor < 128 and ((places >= 0) & (places < 2 * _GRID_ORIGIN)).all()):
        reach_m = int(_GRID_ORIGIN * CELL_M)
        raise ValueError(
            f"the grid has floors -128..127 and {reach_m} m each way; a position on floor {floor} is outside"
        )
    cells = places.astype(np.int64)
    return np.asarray(((floor + 128) << 24) | (cells[:, 1] << 12) | cells[:, 0])


def grid_cell(grid_id: int) -> tuple[int, float, float]:
    """Floor, and the lower left corner (x, y) in metres, of a grid cell."""
    row, column = (grid_id >> 12) & 0xFFF, grid_id & 0xFFF
    return (grid_id >> 24) - 128, (column - _GRID_ORIGIN) * CELL_M, (row - _GRID_ORIGIN) * CELL_M


def cells_of(floor: int, polygon: tuple[Point, ...]) -> NDArray[np.int64]:
    """The sorted ids of the grid cells whose centre lies in the polygon."""
    corners = np.array(polygon, dtype=np.float64)
    low, high = np.floor(corners.min(axis=0) / CELL_M), np.ceil(corners.max(axis=0) / CELL_M)
    x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
    centres = (np.column_stack([x.ravel(), y.ravel()]) + 0.5) * CELL_M
    return np.sort(grid_ids(floor, centres[inside(polygon, centres)]))


def inside(polygon: tuple[Point, ...], points_m: Floats) -> NDArray[np.bool_]:
    """Which of the points, (n, 2), lie in the polygon, by the even-odd rule (a point on an edge may fall to either side)."""
    points = np.asarray(points_m, dtype=np.float64).reshape(-1, 2)
    corners: Any = np.array(polygon, dtype=np.float64)
    following = np.roll(corners, -1, axis=0)
    x, y = points[:, :1], points[:, 1:]
    crosses = (corners[:, 1] > y) != (following[:, 1] > y)
    rise = np.where(following[:, 1] == corners[:, 1], 1.0, following[:, 1] - corners[:, 1])
    at_x = corners[:, 0] + (y - corners[:, 1]) * (following[:, 0] - corners[:, 0]) / rise
    return np.asarray((crosses & (x < at_x)).sum(axis=1) % 2 == 1)
