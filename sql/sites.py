"""The mall in the store: one site a database, with its history.

Sections and calibrations have versions. The first version of a thing holds for all times; a changed one from the moment
of the change on, so questions about earlier times keep their old answers.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np

from models.world.errors import BadSite, NotFound
from models.world.lenses import Lens
from models.world.places import (
    CELL_M,
    Calibration,
    Camera,
    Floor,
    Georeference,
    Point,
    Section,
    Site,
    cells_of,
    grid_ids,
)
from sql.store import Connection
from sql.text import statement

LATEST = datetime(9999, 12, 31, tzinfo=UTC)
"""A moment after all changes."""


@dataclass(frozen=True)
class Change:
    """What loading a site does to one thing, such as `change camera cam1: calibration`."""

    verb: Literal["add", "change", "remove"]
    kind: Literal["site", "floor", "section", "camera"]
    id: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {self.id}" + (f": {self.what}" if self.what else "")


def save(
    connection: Connection, site: Site, *, dry_run: bool = False, valid_from: datetime | None = None
) -> list[Change]:
    """Bring the store to this site, and tell what changes; nothing when it is the same.

    Changed sections and calibrations hold from `valid_from` on (default: now). With `dry_run` nothing is written.
    Raises BadSite when the store holds another site that has video.
    """
    connection.execute(statement("sites/lock"))
    stored = _stored(connection)
    if stored is not None and stored.name != site.name and connection.execute(statement("sites/has-video")).fetchone():
        raise BadSite(
            f"this store holds the site {stored.name!r} with its video; load {site.name!r} into a store of its own (another MALL_HOME)"
        )
    fresh = stored is None or stored.name != site.name
    changes = _changes(None if fresh else stored, site)
    if changes and not dry_run:
        if fresh:
            connection.execute(statement("sites/clear"))
        moment = valid_from or datetime.now(UTC)
        _write(connection, site, changes, moment)
        for change in (change for change in changes if change.kind == "section" and not fresh):
            # The first version of a section holds for all times, so also for what is loaded.
            since = {"section_id": change.id, "since": "-infinity" if change.verb == "add" else moment}
            connection.execute(statement("sites/rebuild-rollups"), since)
    return changes


def read(connection: Connection, at: datetime | None = None) -> Site:
    """The site, with the sections and calibrations that hold `at` a moment (default: the latest). Raises NotFound without one."""
    site = _stored(connection, at or LATEST)
    if site is None:
        raise NotFound("no site is loaded; load one: mall site load SITE.yaml")
    return site


def _changes(old: Site | None, new: Site) -> list[Change]:
    changes = []
    if old is None:
        changes.append(Change("add", "site", new.name))
    else:
        parts = ("time_zone", "opening_hours", "georeference")
        changed = [part for part in parts if getattr(old, part) != getattr(new, part)]
        changes += [Change("change", "site", new.name, ", ".join(changed))] if changed else []
    changes += _compare("floor", old.floors if old else (), new.floors)
    changes += _compare("section", old.sections if old else (), new.sections)
    changes += _compare("camera", old.cameras if old else (), new.cameras)
    return changes


def _compare(kind: Literal["floor", "section", "camera"], old: Iterable[Any], new: Iterable[Any]) -> list[Change]:
    before, after = {thing.id: thing for thing in old}, {thing.id: thing for thing in new}
    changes = [Change("remove", kind, str(name)) for name in before if name not in after]
    for name, thing in after.items():
        if name not in before:
            changes.append(Change("add", kind, str(name)))
        elif before[name] != thing:
            fields = [field for field in vars(thing) if getattr(before[name], field) != getattr(thing, field)]
            changes.append(Change("change", kind, str(name), ", ".join(fields)))
    return changes


def _write(connection: Connection, site: Site, changes: list[Change], moment: datetime) -> None:
    touched = {kind: {c.id for c in changes if c.kind == kind} for kind in ("site", "floor", "section", "camera")}
    if touched["site"]:
        connection.execute(statement("sites/save-site"), _site_row(site))
    for floor in (floor for floor in site.floors if str(floor.id) in touched["floor"]):
        _write_floor(connection, floor)
    for name in touched["section"]:
        connection.execute(statement("sites/close-section"), {"section_id": name, "moment": moment})
    for section in (section for section in site.sections if section.id in touched["section"]):
        _write_section(connection, section, moment)
    for camera in (camera for camera in site.cameras if camera.id in touched["camera"]):
        _write_camera(connection, camera, moment)
    for change in (change for change in changes if change.verb == "remove" and change.kind in ("floor", "camera")):
        connection.execute(statement(f"sites/retire-{change.kind}"), {"id": change.id, "moment": moment})


def _site_row(site: Site) -> dict[str, Any]:
    place = site.georeference
    return {
        "site": site.name,
        "time_zone": site.time_zone.key,
        "opening_hours": json.dumps(dict(site.opening_hours)),
        "georeference": None if place is None else json.dumps(vars(place)),
    }


def _write_floor(connection: Connection, floor: Floor) -> None:
    row = {"floor": floor.id, "name": floor.name, "outline": _wkt(floor.outline)}
    connection.execute(statement("sites/save-floor"), row)
    connection.execute(statement("sites/delete-grid"), row)
    corners = np.array(floor.outline)
    low, high = np.floor(corners.min(axis=0) / CELL_M), np.ceil(corners.max(axis=0) / CELL_M)
    x, y = (axis.ravel() * CELL_M for axis in np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1])))
    cells = grid_ids(floor.id, np.column_stack([x, y]) + CELL_M / 2)
    grid = {"grid_ids": cells.tolist(), "lefts": x.tolist(), "bottoms": y.tolist(), "side_m": CELL_M}
    connection.execute(statement("sites/save-grid"), {**row, **grid})


def _write_section(connection: Connection, section: Section, moment: datetime) -> None:
    row = {
        "section_id": section.id,
        "section_name": section.name,
        "floor": section.floor,
        "polygon": _wkt(section.polygon),
        "moment": moment,
        "grid_ids": cells_of(section.floor, section.polygon).tolist(),
    }
    connection.execute(statement("sites/save-section"), row)


def _write_camera(connection: Connection, camera: Camera, moment: datetime) -> None:
    row = {name: value for name, value in vars(camera).items() if name != "calibration"}
    connection.execute(statement("sites/save-camera"), row)
    held = camera.calibration
    calibration = {
        "camera_id": camera.id,
        "moment": moment,
        "homography": None if held is None else [number for line in held.homography for number in line],
        "points_px": json.dumps(held.points_px if held else ()),
        "points_m": json.dumps(held.points_m if held else ()),
        "lens_k1": held.lens.k1 if held and held.lens else None,
    }
    connection.execute(statement("sites/save-calibration"), calibration)


def _stored(connection: Connection, at: datetime = LATEST) -> Site | None:
    row = connection.execute(statement("sites/read-site")).fetchone()
    if row is None:
        return None
    name, time_zone, opening_hours, georeference = row
    moment = {"at": at}
    return Site(
        name,
        ZoneInfo(time_zone),
        tuple(
            Floor(row[0], row[1], _points(row[2])) for row in connection.execute(statement("sites/read-floors"), moment)
        ),
        tuple(
            Section(row[0], row[1], row[2], _points(row[3]))
            for row in connection.execute(statement("sites/read-sections"), moment)
        ),
        tuple(_camera(row) for row in connection.execute(statement("sites/read-cameras"), moment)),
        None if georeference is None else Georeference(**georeference),
        opening_hours,
    )


def _camera(row: tuple[Any, ...]) -> Camera:
    numbers, points_px, points_m, lens_k1 = row[6:]
    if numbers is None:
        return Camera(row[0], row[1], row[2], row[3], row[4], row[5], None)
    lens = None if lens_k1 is None else Lens(lens_k1, row[2], row[3])
    homography = tuple((numbers[i], numbers[i + 1], numbers[i + 2]) for i in (0, 3, 6))
    calibration = Calibration(homography, _points(points_px), _points(points_m), lens)
    return Camera(row[0], row[1], row[2], row[3], row[4], row[5], calibration)


def _points(rows: Iterable[Iterable[float]]) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in rows)


def _wkt(polygon: tuple[Point, ...]) -> str:
    return "POLYGON((" + ", ".join(f"{float(x)!r} {float(y)!r}" for x, y in (*polygon, polygon[0])) + "))"
