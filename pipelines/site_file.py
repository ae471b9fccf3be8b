"""The site file: a mall's floors, sections and cameras in YAML.

Reading checks everything and tells all mistakes at once, each with its line.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import shapely
import yaml

from models.world.lenses import STRONGEST, WEAKEST, Lens
from models.world.places import (
    Calibration,
    Camera,
    Floor,
    Georeference,
    Point,
    Section,
    Site,
    calibrate,
    with_homography,
)
from pipelines import located_yaml
from pipelines.located_yaml import Invalid, Value, suggestion

_ID_MEANING = "letters, digits and hyphens, 63 at most"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_REACH_M = 4000.0
"""Floor coordinates lie within this distance of the plan's origin (the grid of `models.world.places` ends there)."""
_MAX_SIDE_PX = 65_536
_BORDER_M = 0.01
"""A section may cross the outline of its floor by this much, for rounding."""
_T = TypeVar("_T")
_Id = TypeVar("_Id", int, str)


def read(path: Path) -> Site:
    """The site that the file describes. Raises BadSite with all its mistakes, one a line, as `FILE:LINE: what is wrong`."""
    document = located_yaml.load(path)
    site = _tried(_site, document)
    document.problems.raise_any()
    assert site is not None, "a site that cannot be built must have a mistake"
    return site


def write(site: Site, path: Path) -> None:
    """Write the site so that `read` gives the same again."""
    text = yaml.safe_dump(_document(site), sort_keys=False, default_flow_style=None, width=150, allow_unicode=True)
    path.write_text(text, encoding="utf-8")


def _tried(reader: Callable[[Value], _T], value: Value | None) -> _T | None:
    """What the reader makes of the value; None if there is none, or if it is wrong (which is noted)."""
    if value is not None:
        with suppress(Invalid):
            return reader(value)
    return None


def _site(document: Value) -> Site:
    fields = document.fields(("site", "time_zone", "floors", "cameras"), ("sections", "opening_hours", "georeference"))
    name = _tried(_name, fields["site"])
    zone = _tried(_time_zone, fields["time_zone"])
    hours = _tried(_opening_hours, fields.get("opening_hours"))
    place = _tried(_georeference, fields.get("georeference"))
    floors = _things(fields["floors"], "floor", _floor_id, _floor)
    sections = _things(fields.get("sections"), "section", _id, lambda value, name: _section(value, name, floors))
    cameras = _things(fields["cameras"], "camera", _id, lambda value, name: _camera(value, name, floors))
    if _tried(Value.items, fields["floors"].named("floors")) == []:
        fields["floors"].wrong("a site needs at least one floor")
    if name is None or zone is None:
        raise Invalid
    return Site(name, zone, _good(floors), _good(sections), _good(cameras), place, hours or {})


def _things(
    value: Value | None, kind: str, read_id: Callable[[Value], _Id], reader: Callable[[Value, _Id], _T]
) -> dict[_Id, _T | None]:
    """The things of a list by their id, in its order; None for one that is wrong."""
    things: dict[_Id, _T | None] = {}
    items = _tried(Value.items, value.named(f"{kind}s")) if value else None
    for number, item in enumerate(items or [], start=1):
        with suppress(Invalid):
            identity = _identity(item.named(f"{kind} number {number}"), read_id)
            thing = item.named(f"{kind} {identity}")
            if identity in things:
                raise thing.wrong(f"there is another {kind} with this id")
            things[identity] = None
            things[identity] = reader(thing, identity)
    return things


def _identity(item: Value, read_id: Callable[[Value], _Id]) -> _Id:
    value = item.peek("id")
    if value is None:
        item.mapping()
        raise item.wrong("missing: id")
    return read_id(value)


def _good(things: Mapping[Any, _T | None]) -> tuple[_T, ...]:
    return tuple(thing for thing in things.values() if thing is not None)


def _name(value: Value) -> str:
    return value.named("site").text(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}", _ID_MEANING)


def _id(value: Value) -> str:
    return value.text(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", f"an id ({_ID_MEANING})")


def _floor_id(value: Value) -> int:
    return value.integer(-128, 127)


def _time_zone(value: Value) -> ZoneInfo:
    value = value.named("time_zone")
    key = value.text(meaning="the name of a time zone, such as Europe/Berlin")
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise value.wrong(f"there is no time zone {key!r}; {_close_zone(key)}") from None


def _close_zone(key: str) -> str:
    hint = suggestion(key, sorted(available_timezones()))
    return hint if hint.startswith("did") else "write a name such as Europe/Berlin"


def _opening_hours(value: Value) -> dict[str, str]:
    value = value.named("opening_hours")
    hours: dict[str, str] = {}
    seen: set[str] = set()
    for days, entry in value.mapping().items():
        these = _days(days, entry)
        if seen & these:
            raise entry.wrong(f"{', '.join(day for day in _DAYS if day in seen & these)}: there twice")
        seen |= these
        hours[days] = entry.text(
            rf"closed|{_TIME}-({_TIME}|24:00)", 'hours such as "09:00-21:00", in quotes, or closed'
        )
    return hours


def _days(text: str, entry: Value) -> set[str]:
    first, _, last = text.partition("-")
    if first not in _DAYS or (last or first) not in _DAYS or _DAYS.index(last or first) < _DAYS.index(first):
        raise entry.wrong(
            f"{text!r} is not a day or a range of days in their order, such as mon-sat ({', '.join(_DAYS)})"
        )
    return set(_DAYS[_DAYS.index(first) : _DAYS.index(last or first) + 1])


def _georeference(value: Value) -> Georeference:
    fields = value.named("georeference").fields(("lon", "lat"), ("rotation_deg",))
    lon = _tried(lambda v: v.number(-180, 180, unit="degrees"), fields["lon"].named("lon"))
    lat = _tried(lambda v: v.number(-85, 85, unit="degrees"), fields["lat"].named("lat"))
    turn = fields["rotation_deg"].number(-360, 360, unit="degrees") if "rotation_deg" in fields else 0.0
    if lon is None or lat is None:
        raise Invalid
    return Georeference(lon, lat, turn)


def _floor(value: Value, identity: int) -> Floor:
    fields = value.fields(("id", "name", "outline"))
    return Floor(identity, fields["name"].text(), _polygon(fields["outline"]))


def _section(value: Value, identity: str, floors: Mapping[int, Floor | None]) -> Section:
    fields = value.fields(("id", "name", "floor", "polygon"))
    name, polygon = _tried(Value.text, fields["name"]), _tried(_polygon, fields["polygon"])
    floor_id = _floor_of(fields["floor"], floors)
    if name is None or polygon is None:
        raise Invalid
    if (floor := floors[floor_id]) is not None:
        _check_within(fields["polygon"], polygon, floor)
    return Section(identity, name, floor_id, polygon)


def _floor_of(value: Value, floors: Mapping[int, Floor | None]) -> int:
    floor = _floor_id(value)
    if floor not in floors:
        raise value.wrong(f"there is no floor {floor}; known: {', '.join(map(str, floors)) or 'none'}")
    return floor


def _check_within(value: Value, polygon: Sequence[Point], floor: Floor) -> None:
    outline = shapely.Polygon(floor.outline).buffer(_BORDER_M)
    outside = [corner for corner in polygon if not outline.covers(shapely.Point(corner))]
    if outside:
        raise value.wrong(f"its corner {_shown(outside[0])} lies outside floor {floor.id} ({floor.name})")
    if not outline.covers(shapely.Polygon(polygon)):
        raise value.wrong(f"one of its edges leaves floor {floor.id} ({floor.name})")


def _camera(value: Value, identity: str, floors: Mapping[int, Floor | None]) -> Camera:
    fields = value.fields(("id", "floor", "resolution_px", "frame_rate_hz", "keyframe_interval_s"), ("calibration",))
    floor = _tried(lambda v: _floor_of(v, floors), fields["floor"])
    size = _tried(_size, fields["resolution_px"])
    rate = _tried(lambda v: v.number(0.01, 1000, unit="Hz"), fields["frame_rate_hz"])
    interval = _tried(lambda v: v.number(0.001, 3600, unit="s"), fields["keyframe_interval_s"])
    calibration = _calibration(fields["calibration"], size or (1, 1)) if "calibration" in fields else None
    if floor is None or size is None or rate is None or interval is None:
        raise Invalid
    return Camera(identity, floor, *size, rate, interval, calibration)


def _size(value: Value) -> tuple[int, int]:
    sides = value.items()
    if len(sides) != 2:
        raise value.wrong(f"expected resolution_px: [width, height], got {len(sides)} values")
    return sides[0].integer(1, _MAX_SIDE_PX), sides[1].integer(1, _MAX_SIDE_PX)


def _calibration(value: Value, size_px: tuple[int, int]) -> Calibration:
    fields = value.fields((), ("points_px", "points_m", "homography", "lens_k1"))
    if set(fields) - {"lens_k1"} not in ({"points_px", "points_m"}, {"homography"}):
        raise value.wrong(
            "a calibration is either points_px and points_m, or a homography; lens_k1 may stand beside it"
        )
    lens = Lens(fields["lens_k1"].number(WEAKEST, STRONGEST), *size_px) if "lens_k1" in fields else None
    if "homography" in fields:
        rows = [[cell.number(-1e12, 1e12) for cell in row.items()] for row in fields["homography"].items()]
        if [len(row) for row in rows] != [3, 3, 3]:
            raise fields["homography"].wrong("a homography is three rows of three numbers")
        with fields["homography"].blamed():
            return with_homography(np.array(rows), lens)
    points_px = _points(fields["points_px"], _MAX_SIDE_PX, "px")
    points_m = _points(fields["points_m"], _REACH_M, "m")
    with value.blamed():
        return calibrate(points_px, points_m, lens)


def _polygon(value: Value) -> tuple[Point, ...]:
    """The corners of a simple polygon; a last corner that repeats the first is left out."""
    points = _points(value, _REACH_M, "m")
    corners = points[:-1] if len(points) > 1 and points[0] == points[-1] else points
    if len(corners) < 3:
        raise value.wrong(f"a polygon needs at least 3 corners, got {len(corners)}")
    if shapely.MultiPoint(corners).convex_hull.area < 1e-6:
        raise value.wrong("the corners of the polygon lie on one line")
    reason = shapely.is_valid_reason(shapely.Polygon(corners))
    if reason != "Valid Geometry":
        place = re.search(r"\[(\S+) (\S+)\]", reason)
        where = f" at {_shown((float(place[1]), float(place[2])))}" if place else ""
        raise value.wrong(f"the edges of the polygon cross or touch each other{where}; give the corners in their order")
    return tuple(corners)


def _points(value: Value, reach: float, unit: str) -> list[Point]:
    return [_point(point, reach, unit) for point in value.items()]


def _point(value: Value, reach: float, unit: str) -> Point:
    numbers = value.items()
    if len(numbers) != 2:
        raise value.wrong(f"a point is [x, y] in {unit}, got {len(numbers)} values")
    return numbers[0].number(-reach, reach, unit=unit), numbers[1].number(-reach, reach, unit=unit)


def _shown(point: Point) -> str:
    return f"({point[0]:.6g}, {point[1]:.6g})"


def _document(site: Site) -> dict[str, Any]:
    document: dict[str, Any] = {"site": site.name, "time_zone": site.time_zone.key}
    if site.opening_hours:
        document["opening_hours"] = dict(site.opening_hours)
    if site.georeference:
        document["georeference"] = vars(site.georeference)
    document["floors"] = [{"id": f.id, "name": f.name, "outline": _lists(f.outline)} for f in site.floors]
    document["sections"] = [
        {"id": s.id, "name": s.name, "floor": s.floor, "polygon": _lists(s.polygon)} for s in site.sections
    ]
    document["cameras"] = [_camera_document(camera) for camera in site.cameras]
    return document


def calibration_document(held: Calibration) -> dict[str, Any]:
    """A calibration as it stands in a site file."""
    pairs = {"points_px": _lists(held.points_px), "points_m": _lists(held.points_m)}
    document: dict[str, Any] = pairs if held.points_px else {"homography": _lists(held.homography)}
    return document if held.lens is None else {**document, "lens_k1": held.lens.k1}


def _camera_document(camera: Camera) -> dict[str, Any]:
    document = {
        "id": camera.id,
        "floor": camera.floor,
        "resolution_px": [camera.width_px, camera.height_px],
        "frame_rate_hz": camera.frame_rate_hz,
        "keyframe_interval_s": camera.keyframe_interval_s,
    }
    return (
        document
        if camera.calibration is None
        else {**document, "calibration": calibration_document(camera.calibration)}
    )


def _lists(rows: Sequence[Sequence[float]]) -> list[list[float]]:
    return [[float(number) for number in row] for row in rows]
