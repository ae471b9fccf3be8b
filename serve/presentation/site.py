"""The mall as a document: what a plan needs, in the words of the site file."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from models.world.places import Camera, Floor, Georeference, Section, Site
from models.world.views import seen_floor
from serve.presentation.documents import Document
from serve.presentation.values import plain


def site_document(site: Site) -> Document:
    """Site, time zone, opening hours, georeference, floors, sections and cameras; lengths in metres, x right, y up."""
    floors = {floor.id: floor for floor in site.floors}
    return {
        "site": site.name,
        "time_zone": site.time_zone.key,
        "opening_hours": dict(site.opening_hours),
        "georeference": _georeference(site.georeference),
        "floors": [
            {"id": floor.id, "name": floor.name, "outline": _points(floor.outline)} for floor in floors.values()
        ],
        "sections": [_section(section) for section in site.sections],
        "cameras": [_camera(camera, floors[camera.floor]) for camera in site.cameras if camera.floor in floors],
    }


def _section(section: Section) -> Document:
    return {"id": section.id, "name": section.name, "floor": section.floor, "polygon": _points(section.polygon)}


@lru_cache(maxsize=4096)
def _camera(camera: Camera, floor: Floor) -> Document:
    """`view` is the outline of what it sees of the floor, `near` the floor at its picture's lower edge, null if none."""
    near = camera.calibration.to_floor(np.array([[camera.width_px / 2, camera.height_px]]))[0]
    return {
        "id": camera.id,
        "floor": camera.floor,
        "near": plain(near.tolist()) if np.isfinite(near).all() else None,
        "view": _points(seen_floor(camera, floor).tolist()),
    }


def _georeference(georeference: Georeference | None) -> Document | None:
    if georeference is None:
        return None
    return {"lon": georeference.lon, "lat": georeference.lat, "rotation_deg": georeference.rotation_deg}


def _points(points: Iterable[Iterable[float]]) -> object:
    return plain([list(point) for point in points])
